//! The emulator of AWS, and all that it lacks: each constant or function below stands for one gap between it and AWS, and
//! says what the test does instead. Nothing else is added to what the page tells its reader.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Build;
use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{ports, tools, workspace};

/// MiniStack runs the functions on this machine, so they are built for it.
pub(super) const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "x86_64"
};

/// Where Lambda unpacks layers, and where functions look: MiniStack mounts none.
pub(super) const CATALOG: &str = "/opt/catalog.toml";

/// After each deployment: MiniStack takes a parameter's number as text, with which its poller stops; it makes no routes
/// of a SAM `HttpApi`; and it mounts no layers. The layer is fetched as it was uploaded and unpacked: one that is no zip
/// breaks this, as it breaks a deployment at AWS. Prints the functions and the sizes of their zips.
pub(super) fn after_deployment(template: &str) -> String {
    let paths: Vec<&str> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Path: "))
        .collect();
    format!(
        r#"
python3 - {} <<'END'
import boto3, io, sys, urllib.request, zipfile
functions, api = boto3.client("lambda"), boto3.client("apigatewayv2")
stack = boto3.client("cloudformation").describe_stack_resources(StackName="reseller-hooks")["StackResources"]
ids = {{each["LogicalResourceId"]: each["PhysicalResourceId"] for each in stack}}
for source in functions.list_event_source_mappings()["EventSourceMappings"]:
    functions.update_event_source_mapping(UUID=source["UUID"], ScalingConfig={{"MaximumConcurrency": 2}})
webhook = functions.get_function_configuration(FunctionName=ids["WebhookFunction"])
layer = functions.get_layer_version_by_arn(Arn=webhook["Layers"][0]["Arn"])["Content"]["Location"]
zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(layer).read())).extractall("/opt")
if not api.get_routes(ApiId=ids["Api"])["Items"]:
    alias = functions.get_alias(FunctionName=ids["WebhookFunction"], Name="live")["AliasArn"]
    integration = api.create_integration(
        ApiId=ids["Api"], IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0", IntegrationUri=alias
    )
    for path in sys.argv[1:]:
        target = "integrations/" + integration["IntegrationId"]
        api.create_route(ApiId=ids["Api"], RouteKey="POST " + path, Target=target)
for function in functions.list_functions()["Functions"]:
    print(function["FunctionName"], function["CodeSize"])
END
"#,
        paths
            .iter()
            .map(|path| format!("'{path}'"))
            .collect::<Vec<_>>()
            .join(" ")
    )
}

/// What an alarm over several metrics becomes, which the emulator does not know: nothing there looks at alarms.
const ONE_METRIC: &str =
    "      MetricName: AnsweredUnverified\n      Namespace: ResellerHooks\n      Statistic: Sum\n      Period: 3600\n";

/// It knows no saved queries, no CodeDeploy and no alarms over several metrics, and Wix is the sandbox: the built template's parameters get other
/// defaults, because a page's reader gives none of these. All the rest is deployed as it was built.
pub(super) fn adapted(built: &str, wix: &str) -> Result<String, Failure> {
    let mut adapted = String::new();
    let mut section = String::new();
    let mut skipped_below = None;
    let (mut preference, mut queries, mut address) = (0, 0, 0);
    for line in built.lines() {
        let indent = line.len() - line.trim_start().len();
        let is_item = line.trim_start().starts_with("- ");
        if skipped_below.is_some_and(|above| indent > above || (indent == above && is_item)) {
            continue;
        }
        skipped_below = None;
        if indent == 2 {
            line.trim().trim_end_matches(':').clone_into(&mut section);
        }
        if line.trim() == "DeploymentPreference:" {
            preference += 1;
            skipped_below = Some(indent);
            continue;
        }
        if line == "      Metrics:" {
            skipped_below = Some(indent);
            adapted.push_str(ONE_METRIC);
            continue;
        }
        let is_default = line.trim_start().starts_with("Default:");
        if is_default && section == "SavedQueries" {
            queries += 1;
            adapted.push_str("    Default: 'false'\n");
        } else if is_default && section == "WixApiBaseUrl" {
            address += 1;
            adapted.push_str(&format!("    Default: {wix}\n"));
        } else {
            adapted.push_str(line);
            adapted.push('\n');
        }
    }
    if (preference, queries, address) == (1, 1, 1) {
        return Ok(adapted);
    }
    Err(Failure::new(format!(
        "the built template has {preference} deployment preferences, {queries} defaults of SavedQueries and {address} of WixApiBaseUrl, where one each is expected"
    )))
}

/// It has no point-in-time recovery: the table is copied, which is what a restore to now comes to.
pub(super) const RESTORE: &str = r#"
python3 - "$(output Ledger)" <<'END'
import sys, boto3
client = boto3.client("dynamodb")
table = client.describe_table(TableName=sys.argv[1])["Table"]
client.create_table(
    TableName="reseller-hooks-restored", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=table["AttributeDefinitions"], KeySchema=table["KeySchema"],
    GlobalSecondaryIndexes=[
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
        for index in table["GlobalSecondaryIndexes"]
    ],
)
for page in client.get_paginator("scan").paginate(TableName=sys.argv[1]):
    for item in page["Items"]:
        client.put_item(TableName="reseller-hooks-restored", Item=item)
END
"#;

/// Starts it; answers its port.
pub(super) async fn start(processes: &mut Processes) -> Result<u16, Failure> {
    let ministack = tools::MINISTACK.get().await?;
    let port = ports::free()?;
    let address = format!("http://127.0.0.1:{port}");
    let mut command = workspace::in_root(&ministack);
    command
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_REGION", "eu-west-1")
        // Functions inherit it, and find the services there.
        .env("AWS_ENDPOINT_URL", address);
    processes.start("ministack", &mut command)?;
    if ports::listening(port, Duration::from_secs(90)).await {
        return Ok(port);
    }
    processes.check()?;
    Err(Failure::new(format!(
        "the emulator of AWS did not listen on port {port}: {}",
        tail(&processes.log("ministack"), 5)
    )))
}

/// The folder of this repository as its user has it after cloning, in which the page can be followed without touching
/// anybody's files. The sources are links, so that what is compiled stays compiled. Python's environment is kept between
/// runs: the page makes it again, which is quick where it is.
pub(super) fn clone(folder: &Path) -> Result<PathBuf, Failure> {
    let clone = folder.join("clone");
    for leftover in [".aws-sam", "catalog", "events"] {
        drop(fs::remove_dir_all(clone.join(leftover)));
    }
    fs::create_dir_all(clone.join("catalog")).could_not(format_args!("make the folder {}", clone.display()))?;
    let root = workspace::root();
    for file in ["samconfig.toml", "catalog/catalog.toml"] {
        fs::copy(root.join(file), clone.join(file)).could_not(format_args!("copy {file}"))?;
    }
    let template = fs::read_to_string(root.join("template.yaml")).could_not("read template.yaml")?;
    let for_this_machine = template.replace("Architectures: [arm64]", &format!("Architectures: [{ARCHITECTURE}]"));
    fs::write(clone.join("template.yaml"), for_this_machine).could_not("copy template.yaml")?;
    let functions = clone.join("functions");
    drop(fs::remove_file(&functions));
    symlink(root.join("functions"), functions).could_not("link functions/")?;
    Ok(clone)
}

/// Programs that stand before the reader's own on the PATH: Debian's AWS command line is older than the variable with an
/// emulator's address, and gets it as an option; and, with the debug build, a compiler that hands out what is there.
pub(super) async fn programs(folder: &Path, build: Build) -> Result<PathBuf, Failure> {
    let bin = folder.join("bin");
    drop(fs::remove_dir_all(&bin));
    fs::create_dir_all(&bin).could_not(format_args!("make the folder {}", bin.display()))?;
    let aws = tools::aws_command_line().await?;
    program(
        &bin.join("aws"),
        &format!("exec '{}' --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"", aws.display()),
    )?;
    if build == Build::Debug {
        let script = format!(
            "while [ $# -gt 0 ]; do if [ \"$1\" = --bin ]; then bin=$2; fi; shift; done\n\
             mkdir -p \"$CARGO_TARGET_DIR/lambda/$bin\"\n\
             strip -o \"$CARGO_TARGET_DIR/lambda/$bin/bootstrap\" '{}'/\"$bin\"",
            workspace::binaries()?.display()
        );
        program(&bin.join("cargo-lambda"), &script)?;
    }
    Ok(bin)
}

fn program(path: &Path, script: &str) -> Result<(), Failure> {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).could_not(format_args!("write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .could_not(format_args!("make {} a program", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_emulator_lacks_is_changed_in_a_built_template() {
        let built = "Parameters:\n  WixApiBaseUrl:\n    Default: https://www.wixapis.com\n  SavedQueries:\n    Default: 'true'\nResources:\n  WebhookFunction:\n    Properties:\n      DeploymentPreference:\n        Type:\n          Ref: WebhookShift\n      Timeout: 10\n  LossAlarm:\n    Properties:\n      Metrics:\n      - Id: lost\n        Label: lost\n      - Id: stored\n      Threshold: 0\n";
        let expected = "Parameters:\n  WixApiBaseUrl:\n    Default: http://wix\n  SavedQueries:\n    Default: 'false'\nResources:\n  WebhookFunction:\n    Properties:\n      Timeout: 10\n  LossAlarm:\n    Properties:\n      MetricName: AnsweredUnverified\n      Namespace: ResellerHooks\n      Statistic: Sum\n      Period: 3600\n      Threshold: 0\n";
        assert_eq!(adapted(built, "http://wix").unwrap(), expected);
        assert!(adapted("Parameters:\n", "http://wix").is_err());
    }
}
