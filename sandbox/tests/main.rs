//! What the sandbox promises, rule by rule: most in process, some over HTTP.

#[cfg(test)]
mod suite;
