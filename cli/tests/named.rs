//! The command lines that the pages name in their text, read as they stand: those in shell blocks are run by the deployment
//! test.

use std::fs;
use std::path::{Path, PathBuf};

use reseller::Exit;

use super::shop::Shop;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// `reseller …` in backticks, outside of blocks.
fn named(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let spans = line.split('`').skip(1).step_by(2);
            named.extend(spans.filter(|span| span.starts_with("reseller ")).map(str::to_owned));
        }
    }
    named
}

/// As a shell splits it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == ' ' => words.push(std::mem::take(&mut word)),
            Some(_) | None => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
}

/// With `--help` at its end a command line is read up to there, and nothing is done.
#[test]
fn each_command_line_that_a_page_names_is_understood() {
    let shop = Shop::new();
    let mut all = vec![Path::new(ROOT).join("README.md")];
    pages(&Path::new(ROOT).join("docs"), &mut all);
    let mut count = 0;
    for page in all {
        for line in named(&fs::read_to_string(&page).unwrap()) {
            count += 1;
            let words = words(&line);
            let mut words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            words.push("--help");
            let ran = shop.types(&words);
            assert_eq!(ran.exit, Exit::Done, "{}: `{line}`: {}", page.display(), ran.err);
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn a_command_line_is_split_as_a_shell_does() {
    assert_eq!(words("a 'b c' --d \"e f\""), ["a", "b c", "--d", "e f"]);
    assert_eq!(
        named("say `reseller x` and `y`\n```\n`reseller z`\n```\n"),
        ["reseller x"]
    );
}
