//! Whether the same sources give the same bytes: one function is built again from a copy of this repository in another
//! folder, and compared with what the page's build made of it.

use std::path::Path;

use super::emulator::ARCHITECTURE;
use crate::workspace;

/// The function that is built twice: the smallest of those that take deliveries, so the quickest.
const FUNCTION: &str = "webhook";

/// What the reader's shell runs, with the page's `RUSTFLAGS` and its environment: prints `the same bytes` or where they
/// differ. `folder` is where the copy goes.
pub(super) fn build_again(folder: &Path) -> String {
    let for_arm = if ARCHITECTURE == "arm64" { " --arm64" } else { "" };
    format!(
        r#"
copy='{}/another folder/deeper'
rm -rf "$copy" && mkdir -p "$copy"
for each in '{root}'/* '{root}/.cargo'; do
  case $each in */target) ;; *) cp -r "$each" "$copy/" ;; esac
done
(unset CARGO_TARGET_DIR && cd "$copy/functions/{FUNCTION}" && cargo lambda build --release{for_arm} --bin {FUNCTION})
cmp .aws-sam/build/WebhookFunction/bootstrap "$copy/target/lambda/{FUNCTION}/bootstrap" && echo 'the same bytes'
rm -rf "$copy"
"#,
        folder.display(),
        root = workspace::root().display(),
    )
}
