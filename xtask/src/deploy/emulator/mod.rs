//! The emulator of AWS, and all that it lacks: each constant or function below stands for one gap between it and AWS, and
//! says what the test does instead. Nothing else is added to what the page tells its reader.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Context, Failure};
use crate::processes::{Processes, tail};
use crate::{ports, tools, workspace};

pub(super) mod programs;
pub(super) mod proxy;
pub(super) mod template;

/// MiniStack runs the functions on this machine, so they are built for it.
pub(super) const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "x86_64"
};

/// After each deployment: MiniStack takes a parameter's number as text, with which its poller stops; it makes no routes
/// of a SAM `HttpApi`; and it mounts no layers. The layer is fetched as it was uploaded and unpacked: one that is no zip
/// breaks this, as it breaks a deployment at AWS. Prints the functions and the sizes of their zips.
pub(super) fn after_deployment(template: &str, layers: &Path) -> String {
    let paths: Vec<&str> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Path: "))
        .collect();
    format!(
        r#"
python3 - '{}' {} <<'END'
import boto3, io, sys, urllib.request, zipfile
functions, api = boto3.client("lambda"), boto3.client("apigatewayv2")
stack = boto3.client("cloudformation").describe_stack_resources(StackName="reseller-hooks")["StackResources"]
ids = {{each["LogicalResourceId"]: each["PhysicalResourceId"] for each in stack}}
for source in functions.list_event_source_mappings()["EventSourceMappings"]:
    functions.update_event_source_mapping(UUID=source["UUID"], ScalingConfig={{"MaximumConcurrency": 2}})
webhook = functions.get_function_configuration(FunctionName=ids["WebhookFunction"])
layer = functions.get_layer_version_by_arn(Arn=webhook["Layers"][0]["Arn"])["Content"]["Location"]
zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(layer).read())).extractall(sys.argv[1])
if not api.get_routes(ApiId=ids["Api"])["Items"]:
    alias = functions.get_alias(FunctionName=ids["WebhookFunction"], Name="live")["AliasArn"]
    integration = api.create_integration(
        ApiId=ids["Api"], IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0", IntegrationUri=alias
    )
    for path in sys.argv[2:]:
        target = "integrations/" + integration["IntegrationId"]
        api.create_route(ApiId=ids["Api"], RouteKey="POST " + path, Target=target)
for function in functions.list_functions()["Functions"]:
    print(function["FunctionName"], function["CodeSize"])
END
"#,
        layers.display(),
        paths
            .iter()
            .map(|path| format!("'{path}'"))
            .collect::<Vec<_>>()
            .join(" ")
    )
}

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
    for leftover in fs::read_dir(&clone).into_iter().flatten().flatten() {
        let is_folder = leftover.file_type().is_ok_and(|of| of.is_dir());
        if leftover.file_name() == ".venv" {
            continue;
        }
        let removed = if is_folder {
            fs::remove_dir_all(leftover.path())
        } else {
            fs::remove_file(leftover.path())
        };
        removed.could_not(format_args!("remove {}", leftover.path().display()))?;
    }
    fs::create_dir_all(clone.join("catalog")).could_not(format_args!("make the folder {}", clone.display()))?;
    let root = workspace::root();
    for file in ["samconfig.toml", "catalog/catalog.toml"] {
        fs::copy(root.join(file), clone.join(file)).could_not(format_args!("copy {file}"))?;
    }
    let template = fs::read_to_string(root.join("template.yaml")).could_not("read template.yaml")?;
    let for_this_machine = template.replace("Architectures: [arm64]", &format!("Architectures: [{ARCHITECTURE}]"));
    fs::write(clone.join("template.yaml"), for_this_machine).could_not("copy template.yaml")?;
    for folder in ["functions", "events"] {
        symlink(root.join(folder), clone.join(folder)).could_not(format_args!("link {folder}/"))?;
    }
    Ok(clone)
}
