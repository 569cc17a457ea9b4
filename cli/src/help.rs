//! The page `docs/cli.md`, made from the same description as the help. A test keeps the two alike.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use crate::arguments::Arguments;

const HEAD: &str = "# The command line\n\n\
    `reseller` looks at orders and puts them right. This page is made from its help: change that, and write it again with\n\
    `cargo run --all-features --example page > docs/cli.md`. [operate](operate.md) says which command helps against what.\n\n\
    Build it with `cargo build --release --package reseller`. On AWS it needs the right to describe the stack\n\
    (`cloudformation:DescribeStacks`) and `lambda:InvokeFunction`: on the output `InspectFunction` to look, on\n\
    `ReconcileFunction` and `AuditFunction` to change. Who may invoke `InspectFunction` only can ask everything and buy\n\
    nothing. `send`, `doctor` and `secrets check` read the secrets besides, `parked` and `dead` use their queues, and `logs` reads\n\
    the log groups. The alarms in `status`, and the schedule and the alarms' subscriptions in `doctor`, want\n\
    `cloudwatch:DescribeAlarms`, `logs:FilterLogEvents` and `sns:ListSubscriptionsByTopic`; without a right both say what they did\n\
    not look at.\n";

/// The page.
pub fn page() -> String {
    let mut command = Arguments::command();
    command.build();
    let mut page = HEAD.to_owned();
    section(&mut page, &mut command, &[]);
    page
}

fn section(page: &mut String, command: &mut Command, path: &[String]) {
    let mut path = path.to_vec();
    path.push(command.get_name().to_owned());
    if !command.has_subcommands() || path.len() == 1 {
        // What every command takes is said once.
        let is_top = path.len() == 1;
        let is_hidden = |arg: &Arg| !is_top && (arg.is_global_set() || arg.get_id() == "help");
        let shown = command.clone().mut_args(|arg| {
            let hide = arg.is_hide_set() || is_hidden(&arg);
            arg.hide(hide)
        });
        let help = shown.term_width(100).render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n```text\n{}\n```\n",
            path.join(" "),
            help.join("\n").trim_end()
        );
    }
    for command in command.get_subcommands_mut() {
        if command.get_name() != "help" {
            section(page, command, &path);
        }
    }
}
