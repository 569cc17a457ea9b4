//! What can be typed. The help and `docs/cli.md` are made from this.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use reseller_hooks::order::StorefrontKind;

mod others;

/// Looks at orders and puts them right: what a storefront sold, what Wix has, and what needs a person.
///
/// Data goes to standard output, everything else to standard error. `-o json` gives data for programs; its shape has a
/// version (`schema`) and is described in docs/cli-schema.json. It ends with 0 (done), 1 (failed), 2 (wrong command line),
/// 3 (declined), 4 (no credentials, or no right), 5 (not found), 6 (something needs a person, with --exit-code), 7 (paused,
/// or nothing can be bought at all), 8 (not done yet, or another worker has the order: say it again).
#[derive(Debug, Parser)]
#[command(name = "reseller", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Work on the local backends, in this process, with the variables of a local run: those of FILE, which is written as
    /// CargoLambda.toml is [default: CargoLambda.toml of this folder, else the environment]
    #[arg(long, global = true, value_name = "FILE", num_args = 0..=1, require_equals = true, help_heading = "Where")]
    #[expect(clippy::option_option, reason = "an option that may have a value or not")]
    pub(crate) local: Option<Option<PathBuf>>,
    /// The name of the stack in CloudFormation
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "reseller-hooks",
        help_heading = "Where"
    )]
    pub(crate) stack: String,
    /// The region of the stack [default: AWS_REGION, or the profile's]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Where")]
    pub(crate) region: Option<String>,
    /// The profile of the AWS credentials [default: AWS_PROFILE, or what the environment has]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Where")]
    pub(crate) profile: Option<String>,
    /// How the answer is written
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

pub(crate) use others::{
    Audit, Billing, Catalog, Doctor, Import, Logs, Look, Packages, PlanOptions, Probe, Query, Report, Secrets, Send,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// How the whole stands: what needs a person, what is late or paused, what waits in the queues
    Status(Look),
    /// What needs a person, the oldest first, each problem with the command that ends it
    Attention(Attention),
    /// Nobody calls Wix from now on, without a deployment. Deliveries are taken and recorded
    Pause(Who),
    /// All goes on: ends a pause, and the brake on purchases
    Resume(Who),
    /// Orders: list, show, put right
    #[command(subcommand)]
    Order(Order),
    /// Deliveries that were signed and could not be understood
    #[command(subcommand)]
    Parked(Parked),
    /// Messages that no worker could take
    #[command(subcommand)]
    Dead(Dead),
    /// The audit: all packages at Wix against the ledger
    #[command(subcommand)]
    Audit(Audit),
    /// Packages as Wix has them. Changes nothing
    #[command(subcommand)]
    Packages(Packages),
    /// What the reseller pays Wix for and no live order covers: floating, kept after the end, created beside another
    PaidFor,
    /// The catalog: what is sold
    #[command(subcommand)]
    Catalog(Catalog),
    /// The two secrets: their shape, and whether Wix takes the key. Prints no secret
    #[command(subcommand)]
    Secrets(Secrets),
    /// Everything that a set-up needs, one line each with its remedy. Buys nothing; delivers a canceled test order
    Doctor(Doctor),
    /// The log lines of all functions together, by time
    Logs(Logs),
    /// Sign a sample delivery and deliver it, for a first test. The right to do this is the right to forge a paid order
    Send(Send),
    /// Compare a shop's exported orders with the ledger, and deliver what was missed. Dry unless --deliver is said
    Import(Import),
    /// Find out what nobody knows of the real Wix: buys and cancels in a contract account, and says which settings fit
    Probe(Probe),
    /// A page for people without a shell: what is in attention, what is stuck, what waits
    Report(Report),
    /// Write the completion of a shell: source <(reseller completion bash)
    Completion {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Attention {
    /// Only problems with this code, such as PRODUCT_NOT_FOUND
    #[arg(long)]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) of: Of,
    /// End with 6 where something needs a person
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Whose orders.
#[derive(Debug, Default, Args)]
pub(crate) struct Of {
    /// Only orders of this storefront
    #[arg(long, value_name = "NAME")]
    pub(crate) storefront: Option<StorefrontKind>,
    /// Only orders of this shop
    #[arg(long, value_name = "NAME")]
    pub(crate) shop: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Orders by what is to be done for them
    List {
        /// Which ones
        #[arg(long, value_enum, default_value_t)]
        state: State,
        /// How many at the most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Of all orders: those after this key, which the list before ended with
        #[arg(long, value_name = "KEY")]
        after: Option<String>,
    },
    /// One order as a story: how it stands, what the shop said, what became of each unit, what is next, what needs a person
    Show {
        /// Its key (shopify/5324830114101), or what a customer would say: its number (#2001), a reference, a package or a site
        order: String,
        /// The record as the ledger has it, as JSON
        #[arg(long)]
        record: bool,
    },
    /// What would be done for an order and bought, from this catalog or another one. Writes nothing and calls nobody
    Plan(PlanOptions),
    /// Try again, after its cause is removed, what Wix or the catalog refused and what is unclear
    Retry(Retry),
    /// Settle one problem: it is gone from attention, nothing is bought and Wix is not called
    Close {
        /// The order's key
        order: String,
        /// The problem's ID, as `order show` and `attention` list it
        problem: String,
        #[command(flatten)]
        who: Who,
    },
    /// Erase the data of an order that has ended: Wix's external ID is set back first, and a mark stays
    Erase {
        /// The order's key
        order: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        sure: Sure,
    },
    /// Let what is held, or was not ours, be bought from today's catalog
    Release {
        /// The order's key
        order: String,
        /// Only this line
        #[arg(long)]
        line: Option<String>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        sure: Sure,
    },
    /// Answer what the storefront leaves open: what was given back, whether it is paid, what is not ours
    Tell {
        /// The order's key
        order: String,
        /// So many units of a line were given back in all; may be repeated. `none`: none were
        #[arg(long, value_name = "LINE=UNITS")]
        refunded: Vec<String>,
        /// The order as it stands is paid, so that it is bought
        #[arg(long, conflicts_with = "not_paid")]
        paid: bool,
        /// The order as it stands is not paid
        #[arg(long)]
        not_paid: bool,
        /// This line is not ours; may be repeated
        #[arg(long, value_name = "LINE")]
        not_ours: Vec<String>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        sure: Sure,
    },
    /// A package that was bought by hand is this unit's from now on: compared with the plan, audited, taken back later
    Adopt {
        /// The order's key
        order: String,
        /// The line
        #[arg(long)]
        line: String,
        /// The unit of the line, from 1
        #[arg(long, default_value_t = 1)]
        unit: u32,
        /// The package's ID at Wix
        #[arg(long, value_name = "ID")]
        package: String,
        #[command(flatten)]
        who: Who,
    },
    /// Wait until nothing is to be done for an order, or it needs a person
    Wait {
        /// The order's key
        order: String,
        /// How long
        #[arg(long, value_name = "SECONDS", default_value_t = 300)]
        timeout: u64,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// What needs a person
    Attention,
    /// What is due and was not taken up yet
    Due,
    /// All
    #[default]
    All,
}

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// The orders' keys
    #[arg(required_unless_present = "code", value_name = "ORDER")]
    pub(crate) orders: Vec<String>,
    /// All orders that have a problem with this code
    #[arg(long, conflicts_with = "orders")]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) of: Of,
    /// Also buy again what ended at Wix
    #[arg(long)]
    pub(crate) replace: bool,
    /// Refuse where there are more orders than this
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) max: usize,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) sure: Sure,
}

/// Who does it, and why: kept in the order's history.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// Why
    #[arg(long, value_name = "WHY", default_value = "")]
    pub(crate) reason: String,
    /// Who [default: USER]
    #[arg(long, value_name = "WHO")]
    pub(crate) by: Option<String>,
}

/// What may buy is asked for first.
#[derive(Debug, Args)]
pub(crate) struct Sure {
    /// Ask nothing
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Parked {
    /// What is parked, without the bodies
    List,
    /// Write a delivery's headers and body into a file that only you can read: it may hold personal data
    Show {
        /// The delivery's ID, as `parked list` has it
        id: String,
        /// The file, which must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Deliver it again: verified as of the time at which it was received, and gone from here once it is understood
    Requeue {
        /// The delivery's ID
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Delete a delivery that is settled
    Delete {
        /// The delivery's ID
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dead {
    /// The messages, by order
    List,
    /// One message's event: it has no personal data
    Show {
        /// The order's key, as `dead list` has it
        order: String,
    },
    /// Give all of them back to the queues that they came from. Safe at any time: merging is idempotent
    Requeue {
        #[command(flatten)]
        sure: Sure,
    },
}
