//! The steps of `cargo xtask test`: their names, what they do, and which of them an option chooses.

use super::{aws, cargo_steps};
use crate::arguments::{DemoOptions, DeployOptions, TestOptions};
use crate::failure::Failure;
use crate::{bench, demo, deploy, storm};
use reseller_hooks::order::StorefrontKind;

/// How many tests a step ran; 0 for a step that is one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tests {
    pub(super) passed: u64,
}

impl Tests {
    pub(super) const ONE_CHECK: Self = Self { passed: 0 };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Format,
    Lints,
    Deployed,
    Docs,
    Tests,
    Doctests,
    Sim,
    Aws,
    Watch,
    Demo,
    Crash,
    Storm,
    Bench,
    Deploy,
    Template,
    Licences,
    Advisories,
    Unused,
    Release,
}

impl Step {
    /// In the order in which they run: what is quick to fail goes first.
    pub(super) const ALL: [Self; 19] = [
        Self::Format,
        Self::Lints,
        Self::Deployed,
        Self::Docs,
        Self::Tests,
        Self::Doctests,
        Self::Sim,
        Self::Aws,
        Self::Watch,
        Self::Demo,
        Self::Crash,
        Self::Storm,
        Self::Bench,
        Self::Deploy,
        Self::Template,
        Self::Licences,
        Self::Advisories,
        Self::Unused,
        Self::Release,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Lints => "lints",
            Self::Deployed => "deployed",
            Self::Docs => "docs",
            Self::Tests => "tests",
            Self::Doctests => "doctests",
            Self::Sim => "sim",
            Self::Aws => "aws",
            Self::Watch => "watch",
            Self::Demo => "demo",
            Self::Crash => "crash",
            Self::Storm => "storm",
            Self::Bench => "bench",
            Self::Deploy => "deploy",
            Self::Template => "template",
            Self::Licences => "licences",
            Self::Advisories => "advisories",
            Self::Unused => "unused",
            Self::Release => "release",
        }
    }

    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Format => "cargo fmt",
            Self::Lints => "clippy on all targets with all features, warnings denied",
            Self::Deployed => "each function with the features that are deployed, warnings denied",
            Self::Docs => "rustdoc, warnings denied",
            Self::Tests => "unit, contract, scenario and fault tests",
            Self::Doctests => "the examples in the documentation",
            Self::Sim => "thousands of simulated histories, and each protection taken out",
            Self::Aws => "DynamoDB, SQS and Secrets Manager, against an emulator of AWS",
            Self::Watch => "the samples through a plain `cargo lambda watch`, as in a fresh clone",
            Self::Demo => "end to end through `cargo lambda watch`, for every storefront",
            Self::Crash => "a worker killed before and after each call to Wix",
            Self::Storm => "hundreds of deliveries at once to many processes of the functions",
            Self::Bench => "what an ordinary order costs of the deployed programs, against what is recorded",
            Self::Deploy => "a deployment to an emulator of AWS, used as the pages tell shops and operators",
            Self::Template => "cfn-lint on template.yaml",
            Self::Licences => "cargo-deny: licences, sources, and what must not be in the build",
            Self::Advisories => "cargo-deny: known vulnerabilities",
            Self::Unused => "cargo-machete: dependencies that nothing uses",
            Self::Release => "the deployment again, compiled as users do, and the same bytes twice",
        }
    }

    /// Whether it needs nothing but Rust.
    const fn is_quick(self) -> bool {
        match self {
            Self::Format | Self::Lints | Self::Docs | Self::Tests | Self::Doctests | Self::Sim => true,
            Self::Deployed
            | Self::Aws
            | Self::Watch
            | Self::Demo
            | Self::Crash
            | Self::Storm
            | Self::Bench
            | Self::Deploy
            | Self::Template
            | Self::Licences
            | Self::Advisories
            | Self::Unused
            | Self::Release => false,
        }
    }

    /// Whether it needs a cargo command that takes minutes to install, asks GitHub, or compiles every function as a release.
    const fn is_thorough(self) -> bool {
        matches!(self, Self::Advisories | Self::Unused | Self::Release)
    }

    /// Quick: without what takes longest. Thorough: the storm with release builds.
    pub(super) async fn run(self, options: &TestOptions) -> Result<Tests, Failure> {
        match self {
            Self::Format => cargo_steps::format().await,
            Self::Lints => cargo_steps::lints().await,
            Self::Deployed => cargo_steps::deployed().await,
            Self::Docs => cargo_steps::docs().await,
            Self::Tests => cargo_steps::tests(options.quick).await,
            Self::Doctests => cargo_steps::doctests().await,
            Self::Sim => cargo_steps::sim(options.quick).await,
            Self::Aws => aws::run().await,
            Self::Watch => demo::watch::run().await.map(|()| Tests::ONE_CHECK),
            Self::Demo => every_demo().await,
            Self::Crash => demo::crash::run().await.map(|passed| Tests { passed }),
            // Boxed as the demos are.
            Self::Storm => Box::pin(storm::small(options.thorough))
                .await
                .map(|()| Tests::ONE_CHECK),
            Self::Bench => Box::pin(bench::held()).await.map(|passed| Tests { passed }),
            Self::Deploy => deployed(false).await,
            Self::Template => cargo_steps::template().await,
            Self::Licences => cargo_steps::licences().await,
            Self::Advisories => cargo_steps::advisories().await,
            Self::Unused => cargo_steps::unused().await,
            Self::Release => deployed(true).await,
        }
    }
}

/// With this workspace's debug programs, or with those that users deploy.
async fn deployed(release: bool) -> Result<Tests, Failure> {
    let options = DeployOptions {
        release,
        debug: !release,
    };
    let passed = Box::pin(deploy::run(&options)).await?;
    Ok(Tests { passed })
}

async fn every_demo() -> Result<Tests, Failure> {
    let mut passed = 0;
    for storefront in StorefrontKind::ALL {
        let options = DemoOptions {
            storefront,
            port: None,
            keep: false,
        };
        // Boxed: the futures of the demo are large, and this is one of many in `Step::run`.
        Box::pin(demo::run(&options))
            .await
            .map_err(|failure| Failure::new(format!("the demo of {}: {failure}", storefront.as_str())))?;
        passed += 1;
    }
    Ok(Tests { passed })
}

pub(super) fn chosen(options: &TestOptions) -> Result<Vec<Step>, Failure> {
    if options.only.is_empty() {
        let wanted = |step: &Step| match (options.quick, options.thorough) {
            (true, _) => step.is_quick(),
            (false, true) => true,
            (false, false) => !step.is_thorough(),
        };
        return Ok(Step::ALL.into_iter().filter(wanted).collect());
    }
    options
        .only
        .iter()
        .map(|name| {
            Step::ALL.into_iter().find(|step| step.name() == name).ok_or_else(|| {
                let names: Vec<&str> = Step::ALL.into_iter().map(Step::name).collect();
                Failure::new(format!("there is no step {name:?}; there are {}", names.join(", ")))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &TestOptions) -> Vec<&'static str> {
        chosen(options).unwrap().into_iter().map(Step::name).collect()
    }

    #[test]
    fn a_quick_test_needs_nothing_but_rust() {
        let quick = TestOptions {
            quick: true,
            ..TestOptions::default()
        };
        assert_eq!(names(&quick), ["format", "lints", "docs", "tests", "doctests", "sim"]);
    }

    #[test]
    fn what_takes_minutes_to_install_is_only_in_the_thorough_test() {
        let default = names(&TestOptions::default());
        assert!(!default.contains(&"advisories") && !default.contains(&"release"));
        assert!(default.contains(&"bench") && default.contains(&"deploy") && default.contains(&"licences"));
        let thorough = TestOptions {
            thorough: true,
            ..TestOptions::default()
        };
        assert_eq!(names(&thorough).len(), 19);
    }

    #[test]
    fn a_step_that_is_not_there_is_answered_with_those_that_are() {
        let options = TestOptions {
            only: vec!["fmt".into()],
            ..TestOptions::default()
        };
        let error = chosen(&options).unwrap_err().to_string();
        assert!(error.contains("\"fmt\"") && error.contains("format"), "{error}");
    }
}
