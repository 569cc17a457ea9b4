//! A page of the documentation as its reader uses it: the shell blocks, in order, with the reader's own values filled in.

use std::fs;

use crate::failure::{Context, Failure};
use crate::workspace;

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

pub(super) fn read(path: &str) -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(workspace::root().join(path)).could_not(format_args!("read {path}"))?;
    Ok(blocks(&text))
}

/// The block that defines a shell function.
pub(super) fn function<'a>(blocks: &'a [String], name: &str) -> Result<&'a str, Failure> {
    let start = format!("{name}() {{");
    blocks
        .iter()
        .find(|block| block.starts_with(&start))
        .map(String::as_str)
        .ok_or_else(|| Failure::new(format!("the page defines no shell function {name}")))
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
    use super::*;

    #[test]
    fn only_shell_blocks_are_run_and_each_as_it_stands() {
        let text = "text\n```sh\na \\\n  b\n```\n```json\n{}\n```\n```sh\nc\n```\n";
        assert_eq!(blocks(text), ["a \\\n  b\n", "c\n"]);
    }

    #[test]
    fn a_placeholder_that_is_gone_from_the_page_is_an_error() {
        let mut page = vec!["echo NAME".to_owned()];
        fill_in(&mut page, &[("NAME", "me")]).unwrap();
        assert_eq!(page, ["echo me"]);
        assert!(fill_in(&mut page, &[("NAME", "me")]).is_err());
    }
}
