//! The last guard before a line is written. Callers do not log bodies, secrets or people; this catches the one that does.

use std::borrow::Cow;

/// Parts of names of fields whose values are never written.
const HIDDEN_NAMES: [&str; 14] = [
    "address",
    "api_key",
    "apikey",
    "authorization",
    "body",
    "cookie",
    "credential",
    "customer",
    "email",
    "password",
    "payload",
    "phone",
    "secret",
    "token",
];

/// How texts begin that are keys: Wix's API keys, JSON web tokens, Standard Webhooks' and Stripe's secrets, Shopify's.
const HIDDEN_PREFIXES: [&str; 7] = ["IST.", "eyJ", "whsec_", "sk_live_", "sk_test_", "shpss_", "shpat_"];

/// What stands in place of a hidden value.
pub(super) const HIDDEN: &str = "[hidden]";

/// Whether a field of this name is hidden.
pub(super) fn is_hidden(name: &str) -> bool {
    HIDDEN_NAMES.iter().any(|hidden| contains_ignoring_case(name, hidden))
}

/// The text without e-mail addresses and keys.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if !text.contains('@') && !HIDDEN_PREFIXES.iter().any(|prefix| text.contains(prefix)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for word in text.split_inclusive(separates) {
        let bare = word.trim_end_matches(separates);
        let end = word.get(bare.len()..).unwrap_or_default();
        clean.push_str(if is_email(bare) || is_key(bare) { HIDDEN } else { bare });
        clean.push_str(end);
    }
    Cow::Owned(clean)
}

fn separates(c: char) -> bool {
    c.is_whitespace() || "\"'`<>()[]{},;=&?|\\".contains(c)
}

fn is_email(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
}

fn is_key(word: &str) -> bool {
    // Short ones are words of ours about keys, such as "whsec_…".
    const SHORTEST: usize = 12;
    HIDDEN_PREFIXES
        .iter()
        .filter_map(|prefix| word.find(prefix).and_then(|at| word.get(at..)))
        .any(|key| key.len() >= SHORTEST)
}

fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.as_bytes()
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
