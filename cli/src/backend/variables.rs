//! The variables of a local run, from a file that is written as `CargoLambda.toml` is: `cargo lambda watch` and the demo
//! have theirs there.

use std::path::Path;

use reseller_hooks::config::Env;

use crate::exit::{Exit, Failure};

/// Where they are looked for when nobody says.
const FILE: &str = "CargoLambda.toml";

/// The variables of a file before those of the process. Without a file, those of `CargoLambda.toml` in this folder, if it
/// is there.
pub(super) fn of(env: &Env, file: Option<&Path>) -> Result<Env, Failure> {
    let path = file.unwrap_or(Path::new(FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(_) if file.is_none() => return Ok(env.clone()),
        Err(error) => {
            return Err(Failure::with(
                Exit::Usage,
                format_args!("{} cannot be read: {error}", path.display()),
            ));
        }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let pairs = pairs(&text).map(|(name, value)| {
        let value = match folder {
            // Paths are those of the folder that the file is in.
            Some(folder) => value.replace("://./", &format!("://{}/", folder.display())),
            None => value,
        };
        (name, value)
    });
    Ok(Env::from_pairs(pairs).before(env))
}

/// The lines `"NAME=VALUE"` of the list `env_var`.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| {
        let quoted = line.trim().strip_prefix('"')?.trim_end_matches(',').strip_suffix('"')?;
        let (name, value) = quoted.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    })
}
