//! What can be asked for. Read by hand: a few commands with a few flags need no library.

use crate::failure::Failure;

pub(crate) const USAGE: &str = "\
Usage: cargo xtask COMMAND [OPTIONS]

  demo                  build everything, run it on this machine against a sandbox of Wix, and show what became of some orders
    --storefront NAME   whose orders: shopify (default, the full story), wix, woocommerce, stripe, standard
    --port PORT         where the webhook listens (default: any free port)
    --keep              leave it running until Ctrl-C, and print curl lines that work

  test                  everything that is tested; the same as .ci/run
    --quick             only what needs nothing but Rust: format, lints, docs, tests
    --only STEP         one step (or several: repeat it); `--list` shows them
    --thorough          also licences, advisories and unused dependencies (cargo-deny and cargo-machete must be installed)
    --list              name the steps, and do nothing

  fuzz                  every parser of the outside, guided by coverage (cargo-fuzz must be installed; see fuzz/README.md)
    --seconds N         how long each (default: 60)
    --only NAME         one target (or several: repeat it)

  storm                 the functions as release binaries under thousands of deliveries at once, and what became of them
    --deliveries N      how many, half of them repetitions (default: 10000)
    --profile PROFILE   cargo's profile for the binaries (default: release; sim builds faster)

  sim [OPTIONS]         the simulation: --seeds N, --start S, --threads T; --one SEED tells the story of one;
                        --harsh for the worlds in which Wix ignores keys and shows packages as late as it may,
                        --careless for those whose queries show too much; --guards takes each protection out
  mutations [OPTIONS]   changed deliveries through the webhook: --cases N of each sample, --threads T,
                        --only STOREFRONT-OR-SAMPLE
  help                  this text";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Demo(DemoOptions),
    Test(TestOptions),
    Fuzz(FuzzOptions),
    Storm(StormOptions),
    /// A program of the workspace that does the work itself.
    Binary {
        name: &'static str,
        arguments: Vec<String>,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DemoOptions {
    pub(crate) storefront: Storefront,
    pub(crate) port: Option<u16>,
    pub(crate) keep: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    pub(crate) quick: bool,
    pub(crate) thorough: bool,
    pub(crate) list: bool,
    pub(crate) only: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    pub(crate) seconds: u32,
    pub(crate) only: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StormOptions {
    pub(crate) deliveries: usize,
    pub(crate) profile: String,
}

/// Whose orders the demo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storefront {
    Shopify,
    Wix,
    Woocommerce,
    Stripe,
    Standard,
}

impl Storefront {
    pub(crate) const ALL: [Self; 5] = [
        Self::Shopify,
        Self::Wix,
        Self::Woocommerce,
        Self::Stripe,
        Self::Standard,
    ];

    /// The name in routes, secrets, order keys and the folders of `events/`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::Wix => "wix",
            Self::Woocommerce => "woocommerce",
            Self::Stripe => "stripe",
            Self::Standard => "standard",
        }
    }
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, Failure> {
    let mut arguments = arguments.into_iter();
    let Some(command) = arguments.next() else {
        return Ok(Command::Help);
    };
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "demo" => demo(arguments),
        "test" => test(arguments),
        "fuzz" => fuzz(arguments),
        "storm" => storm(arguments),
        "sim" => Ok(Command::Binary {
            name: "sim",
            arguments: arguments.collect(),
        }),
        "mutations" => Ok(Command::Binary {
            name: "mutations",
            arguments: arguments.collect(),
        }),
        other => Err(Failure::new(format!("there is no command {other:?}"))),
    }
}

fn demo(mut arguments: impl Iterator<Item = String>) -> Result<Command, Failure> {
    let mut options = DemoOptions {
        storefront: Storefront::Shopify,
        port: None,
        keep: false,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--keep" => options.keep = true,
            "--port" => {
                let value = value_of("--port", &mut arguments)?;
                let port = value.parse().ok().filter(|port| *port != 0);
                options.port =
                    Some(port.ok_or_else(|| {
                        Failure::new(format!("--port takes a number from 1 to 65535, not {value:?}"))
                    })?);
            }
            "--storefront" => {
                let value = value_of("--storefront", &mut arguments)?;
                let found = Storefront::ALL
                    .into_iter()
                    .find(|storefront| storefront.name() == value);
                options.storefront = found.ok_or_else(|| {
                    Failure::new(format!(
                        "--storefront takes shopify, wix, woocommerce, stripe or standard, not {value:?}"
                    ))
                })?;
            }
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(Failure::new(format!("demo does not know {other:?}"))),
        }
    }
    Ok(Command::Demo(options))
}

fn test(mut arguments: impl Iterator<Item = String>) -> Result<Command, Failure> {
    let mut options = TestOptions::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--thorough" => options.thorough = true,
            "--list" => options.list = true,
            "--only" => options.only.push(value_of("--only", &mut arguments)?),
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(Failure::new(format!("test does not know {other:?}"))),
        }
    }
    Ok(Command::Test(options))
}

fn fuzz(mut arguments: impl Iterator<Item = String>) -> Result<Command, Failure> {
    let mut options = FuzzOptions {
        seconds: 60,
        only: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => {
                let value = value_of("--seconds", &mut arguments)?;
                // None at all would mean for ever to libFuzzer.
                let seconds = value.parse().ok().filter(|seconds| *seconds != 0);
                options.seconds = seconds
                    .ok_or_else(|| Failure::new(format!("--seconds takes a number from 1 on, not {value:?}")))?;
            }
            "--only" => options.only.push(value_of("--only", &mut arguments)?),
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(Failure::new(format!("fuzz does not know {other:?}"))),
        }
    }
    Ok(Command::Fuzz(options))
}

fn storm(mut arguments: impl Iterator<Item = String>) -> Result<Command, Failure> {
    const LEAST: usize = 100;
    let mut options = StormOptions {
        deliveries: 10_000,
        profile: "release".to_owned(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--deliveries" => {
                let value = value_of("--deliveries", &mut arguments)?;
                let number = value.replace('_', "").parse().ok().filter(|number| *number >= LEAST);
                options.deliveries = number.ok_or_else(|| {
                    Failure::new(format!("--deliveries takes a number from {LEAST} on, not {value:?}"))
                })?;
            }
            "--profile" => options.profile = value_of("--profile", &mut arguments)?,
            "--help" | "-h" => return Ok(Command::Help),
            other => return Err(Failure::new(format!("storm does not know {other:?}"))),
        }
    }
    Ok(Command::Storm(options))
}

fn value_of(flag: &str, arguments: &mut impl Iterator<Item = String>) -> Result<String, Failure> {
    arguments
        .next()
        .ok_or_else(|| Failure::new(format!("{flag} needs a value behind it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_plain_demo_shows_shopify_on_any_port() {
        let Ok(Command::Demo(options)) = parsed("demo") else {
            panic!("not a demo");
        };
        assert_eq!(
            (options.storefront.name(), options.port, options.keep),
            ("shopify", None, false)
        );
    }

    #[test]
    fn every_flag_of_the_demo_is_understood() {
        let Ok(Command::Demo(options)) = parsed("demo --keep --port 9100 --storefront stripe") else {
            panic!("not a demo");
        };
        assert_eq!(
            (options.storefront.name(), options.port, options.keep),
            ("stripe", Some(9100), true)
        );
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, named) in [
            ("dmeo", "\"dmeo\""),
            ("demo --prot 1", "\"--prot\""),
            ("demo --port", "--port needs a value"),
            ("demo --port 0", "from 1 to 65535"),
            ("demo --storefront ebay", "\"ebay\""),
            ("test --fast", "\"--fast\""),
            ("fuzz --seconds 0", "from 1 on"),
            ("storm --deliveries 7", "from 100 on"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
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
        let asked = FuzzOptions {
            seconds: 600,
            only: vec!["catalog".into()],
        };
        assert_eq!(parsed("fuzz --seconds 600 --only catalog"), Ok(Command::Fuzz(asked)));
        let plain = FuzzOptions {
            seconds: 60,
            only: Vec::new(),
        };
        assert_eq!(parsed("fuzz"), Ok(Command::Fuzz(plain)));
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
        assert_eq!(
            parsed("sim --seeds 10"),
            Ok(Command::Binary {
                name: "sim",
                arguments: vec!["--seeds".into(), "10".into()],
            })
        );
    }
}
