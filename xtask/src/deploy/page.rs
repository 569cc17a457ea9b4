//! A page of the documentation as its reader uses it: the shell blocks, in order, with the reader's own values filled in;
//! and the blocks that are not run here, each with its reason. A block that is neither run nor listed fails a test.

use std::fs;

use crate::failure::{Context, Failure};
use crate::workspace;

/// The pages whose blocks are run in order, but for those of [`ELSEWHERE`].
#[cfg(test)]
pub(super) const RUN: [&str; 4] = ["README.md", "docs/deploy.md", "docs/operate.md", "docs/audit.md"];

/// A block that is not run here.
pub(super) struct Elsewhere {
    pub(super) page: &'static str,
    /// How it begins.
    pub(super) begins: &'static str,
    /// Why it is not run here; for those who read the list.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers, and a test that it is there"))]
    pub(super) why: &'static str,
}

const fn elsewhere(page: &'static str, begins: &'static str, why: &'static str) -> Elsewhere {
    Elsewhere { page, begins, why }
}

/// All shell blocks of the documentation that are not run by this test.
pub(super) const ELSEWHERE: [Elsewhere; 10] = [
    elsewhere(
        "README.md",
        "cargo xtask sim",
        "the step sim runs the same program with fewer seeds",
    ),
    elsewhere(
        "README.md",
        "cargo xtask demo",
        "the step demo runs it for every storefront",
    ),
    elsewhere("README.md", "cargo xtask test", "it is what runs this test"),
    elsewhere(
        "docs/performance.md",
        "cargo xtask bench",
        "it builds releases, and counts on a quiet machine",
    ),
    elsewhere(
        "docs/storefronts/README.md",
        "cargo lambda invoke",
        "the step watch sends every sample so",
    ),
    elsewhere(
        "docs/storefronts/stripe.md",
        "curl https://api.stripe.com",
        "it needs Stripe and a key of its own",
    ),
    elsewhere(
        "sandbox/README.md",
        "cargo run -p wix-sandbox",
        "it listens until somebody ends it",
    ),
    elsewhere(
        "sandbox/README.md",
        "WIX=",
        "the sandbox's own page, whose calls its contract tests make",
    ),
    elsewhere(
        "sandbox/README.md",
        "curl -s $WIX/_sandbox/faults -d '{\"operation\": \"createPackage\"",
        "as above",
    ),
    elsewhere("sandbox/README.md", "# The next two queries", "as above"),
];

/// The shell blocks of a page, without their fences.
pub(super) fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match open.as_mut() {
            None if line.trim_end() == "```sh" => open = Some(String::new()),
            None => {}
            Some(_) if line.trim_end() == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    blocks
}

/// The blocks of a page that are run here.
pub(super) fn read(path: &str) -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(workspace::root().join(path)).could_not(format_args!("read {path}"))?;
    let mut blocks = blocks(&text);
    blocks.retain(|block| !is_elsewhere(path, block));
    Ok(blocks)
}

fn is_elsewhere(page: &str, block: &str) -> bool {
    ELSEWHERE
        .iter()
        .any(|listed| listed.page == page && block.starts_with(listed.begins))
}

/// Puts the reader's values where the page has placeholders; an error where the page has none of one.
pub(super) fn fill_in(blocks: &mut [String], values: &[(&str, &str)]) -> Result<(), Failure> {
    for (placeholder, value) in values {
        let mut found = false;
        for block in blocks.iter_mut() {
            found |= block.contains(placeholder);
            *block = block.replace(placeholder, value);
        }
        if !found {
            return Err(Failure::new(format!(
                "no block of the page has {placeholder:?} any more"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_shell_blocks_are_run_and_each_as_it_stands() {
        let text = "text\n```sh\na \\\n  b\n```\n```json\n{}\n```\n```sh\nc\n```\n";
        assert_eq!(blocks(text), ["a \\\n  b\n", "c\n"]);
    }

    /// Every page, by its path from the root.
    fn pages(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                pages(&path, found);
            } else if name.ends_with(".md") {
                let path = path.strip_prefix(workspace::root()).unwrap();
                found.push(path.display().to_string());
            }
        }
    }

    #[test]
    fn each_shell_block_of_every_page_is_run_or_listed() {
        let mut all = Vec::new();
        pages(workspace::root(), &mut all);
        assert!(all.len() > 20, "{all:?}");
        for page in RUN {
            assert!(all.iter().any(|found| found == page), "{page}");
        }
        for page in all.iter().filter(|page| !RUN.contains(&page.as_str())) {
            let text = fs::read_to_string(workspace::root().join(page)).unwrap();
            for block in blocks(&text) {
                assert!(is_elsewhere(page, &block), "{page}: neither run nor listed:\n{block}");
            }
        }
        // Under another name a block would be neither.
        for page in &all {
            let text = fs::read_to_string(workspace::root().join(page)).unwrap();
            let others = ["```bash", "```shell", "```console", "```zsh"];
            assert!(!others.iter().any(|fence| text.contains(fence)), "{page}");
        }
    }

    #[test]
    fn each_block_that_is_listed_is_there_and_has_its_reason() {
        for listed in ELSEWHERE {
            let text = fs::read_to_string(workspace::root().join(listed.page)).unwrap();
            let is_there = blocks(&text).iter().any(|block| block.starts_with(listed.begins));
            assert!(is_there, "{} has no block {:?}", listed.page, listed.begins);
            assert!(!listed.why.is_empty());
        }
    }

    #[test]
    fn a_placeholder_that_is_gone_from_the_page_is_an_error() {
        let mut page = vec!["echo NAME".to_owned()];
        fill_in(&mut page, &[("NAME", "me")]).unwrap();
        assert_eq!(page, ["echo me"]);
        assert!(fill_in(&mut page, &[("NAME", "me")]).is_err());
    }
}
