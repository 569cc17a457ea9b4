//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use reseller_hooks::order::StorefrontKind;

/// The project's own commands: shows it at work, proves it, and looks for what nobody thought of.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    flatten_help = true,
    max_term_width = 120
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Build everything, run it on this machine against a sandbox of Wix, and show what became of some orders
    Demo(DemoOptions),
    /// Everything that is tested; the same as .ci/run
    Test(TestOptions),
    /// Deploy to an emulator of AWS as docs/deploy.md says, block by block, and use what was deployed
    DeployTest(DeployOptions),
    /// What an ordinary order costs of the deployed programs: times, instructions, memory, size, calls
    Bench(BenchOptions),
    /// What is in the deployed functions, as a CycloneDX document
    Sbom,
    /// Every parser of the outside, guided by coverage (cargo-fuzz must be installed; see fuzz/README.md)
    Fuzz(FuzzOptions),
    /// The functions as release binaries under thousands of deliveries at once, and what became of them
    Storm(StormOptions),
    /// The simulation: thousands of histories, each made by its seed; `cargo xtask sim --help` lists its options
    Sim(PassedOn),
    /// Changed deliveries through the webhook; `cargo xtask mutations --help` lists its options
    Mutations(PassedOn),
}

#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct DemoOptions {
    /// Whose orders: shopify has the full story
    #[arg(long, value_name = "NAME", default_value = "shopify", value_parser = storefront())]
    pub(crate) storefront: StorefrontKind,
    /// Where the webhook listens [default: any free port]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Leave it running until Ctrl-C, and print curl lines that work
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct TestOptions {
    /// Between two changes: only what needs nothing but Rust (format, lints, docs, tests, sim), without the longest generated
    /// suites (changed deliveries, a crash at every effect and await point, load, simulation), a quarter of the cases of
    /// properties, and a quarter of the histories without taking protections out. Before a merge all of it is run
    #[arg(long)]
    pub(crate) quick: bool,
    /// Also a deployment that is compiled as users do, the storm with release builds, advisories (of GitHub) and unused
    /// dependencies (cargo-machete must be installed)
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Name the steps, and do nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// One step (or several: repeat it); `--list` shows them
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct DeployOptions {
    /// Compile the functions as users do, with fat LTO; without it, with thin LTO, which takes minutes less
    #[arg(long)]
    pub(crate) release: bool,
    /// Take this workspace's debug binaries for the functions: nothing is compiled. `cargo xtask test` does this
    #[arg(long, conflicts_with = "release")]
    pub(crate) debug: bool,
}

#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct BenchOptions {
    /// How many events the warm figures are taken over
    #[arg(long, value_name = "N", default_value = "200")]
    pub(crate) events: usize,
    /// Take the programs in this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) programs: Option<PathBuf>,
    /// Measure the programs in this folder too, and show the ratios to them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) against: Option<PathBuf>,
    /// Keep the figures in the repository: later runs may not be much above them
    #[arg(long)]
    pub(crate) record: bool,
    /// Only the parts of an order's way, each by itself: verify, merge, decide, JSON (valgrind must be installed)
    #[arg(long, conflicts_with_all = ["programs", "against"])]
    pub(crate) micro: bool,
}

#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct FuzzOptions {
    /// How long each takes; none at all would mean without an end to libFuzzer
    #[arg(long, value_name = "N", default_value = "60", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,
    /// One target (or several: repeat it)
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct StormOptions {
    /// How many deliveries, from 100 on; half of them are repetitions
    #[arg(long, value_name = "N", default_value = "10000", value_parser = deliveries)]
    pub(crate) deliveries: usize,
    /// Cargo's profile for the binaries; sim builds faster
    #[arg(long, default_value = "release")]
    pub(crate) profile: String,
}

/// The options of a program of the workspace that does the work itself.
#[derive(Debug, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct PassedOn {
    /// As they are passed on
    #[arg(value_name = "OPTIONS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) options: Vec<String>,
}

/// Reads the arguments, the program's name first. An error also holds the help that was asked for.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, clap::Error> {
    Arguments::try_parse_from(arguments).map(|arguments| arguments.command)
}

fn storefront() -> impl TypedValueParser<Value = StorefrontKind> {
    let names = StorefrontKind::ALL.map(StorefrontKind::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<StorefrontKind>())
}

fn deliveries(text: &str) -> Result<usize, String> {
    const LEAST: usize = 100;
    let number = text.replace('_', "").parse().ok().filter(|number| *number >= LEAST);
    number.ok_or_else(|| format!("a number from {LEAST} on is needed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let words = line.split_whitespace().map(str::to_owned);
        parse(std::iter::once("xtask".to_owned()).chain(words)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plain_demo_shows_shopify_on_any_port() {
        let plain = DemoOptions {
            storefront: StorefrontKind::Shopify,
            port: None,
            keep: false,
        };
        assert_eq!(parsed("demo"), Ok(Command::Demo(plain)));
    }

    #[test]
    fn every_flag_of_the_demo_is_understood() {
        let asked = DemoOptions {
            storefront: StorefrontKind::Stripe,
            port: Some(9100),
            keep: true,
        };
        assert_eq!(
            parsed("demo --keep --port 9100 --storefront stripe"),
            Ok(Command::Demo(asked))
        );
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, named) in [
            ("dmeo", "'dmeo'"),
            ("demo --prot 1", "'--prot'"),
            ("demo --port", "value is required for '--port"),
            ("demo --port 0", "not in 1..=65535"),
            ("demo --storefront ebay", "possible values: shopify, wix"),
            ("test --fast", "'--fast'"),
            ("fuzz --seconds 0", "not in 1.."),
            ("storm --deliveries 7", "from 100 on"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }

    #[test]
    fn the_help_names_every_command_and_its_options() {
        let help = parsed("help").unwrap_err();
        for named in [
            "demo",
            "--storefront",
            "test",
            "--only",
            "fuzz",
            "storm",
            "sim",
            "mutations",
        ] {
            assert!(help.contains(named), "{named} is not in {help}");
        }
        assert_eq!(parsed("--help"), Err(help));
    }

    #[test]
    fn steps_of_the_test_add_up() {
        let Ok(Command::Test(options)) = parsed("test --only format --only docs") else {
            panic!("not a test");
        };
        assert_eq!(options.only, ["format", "docs"]);
    }

    #[test]
    fn fuzzing_takes_a_time_and_targets() {
        for (line, seconds, only) in [
            ("fuzz --seconds 600 --only catalog", 600, vec!["catalog".to_owned()]),
            ("fuzz", 60, Vec::new()),
        ] {
            assert_eq!(parsed(line), Ok(Command::Fuzz(FuzzOptions { seconds, only })), "{line}");
        }
    }

    #[test]
    fn a_storm_is_of_ten_thousand_deliveries_unless_another_number_is_given() {
        for (line, deliveries, profile) in [
            ("storm", 10_000, "release"),
            ("storm --deliveries 1_000 --profile sim", 1_000, "sim"),
        ] {
            let options = StormOptions {
                deliveries,
                profile: profile.to_owned(),
            };
            assert_eq!(parsed(line), Ok(Command::Storm(options)), "{line}");
        }
    }

    #[test]
    fn what_follows_sim_is_passed_on() {
        for words in ["--seeds 10", "--help"] {
            let options = words.split_whitespace().map(str::to_owned).collect();
            let asked = Command::Sim(PassedOn { options });
            assert_eq!(parsed(&format!("sim {words}")), Ok(asked));
        }
    }
}
