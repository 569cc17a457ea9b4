//! What CloudFormation says of a stack: its outputs. The answer is XML of one shape, of which two elements are wanted.

use std::collections::BTreeMap;

/// The outputs that every stack of this version has.
pub(crate) const OUTPUTS: [&str; 19] = [
    "WebhookUrl",
    "WixSecret",
    "StorefrontSecret",
    "ReconcileFunction",
    "InspectFunction",
    "AuditFunction",
    "WebhookFunction",
    "SupportPolicy",
    "OperatorPolicy",
    "AdministratorPolicy",
    "Ledger",
    "ParkedQueueUrl",
    "DeadLetters",
    "DeadLettersUrl",
    "WebhookLogs",
    "ReconcileLogs",
    "LogGroups",
    "ApiLogs",
    "AlarmTopic",
];

/// The outputs by their names.
pub(super) fn outputs(xml: &str) -> BTreeMap<String, String> {
    let (_, after) = xml.split_once("<Outputs>").unwrap_or_default();
    let (all, _) = after.split_once("</Outputs>").unwrap_or_default();
    all.split("<member>")
        .filter_map(|member| Some((element(member, "OutputKey")?, element(member, "OutputValue")?)))
        .collect()
}

/// What CloudFormation says of how it is.
pub(super) fn state(xml: &str) -> String {
    element(xml, "StackStatus").unwrap_or_default()
}

/// The insides of all elements of a name that have no element of that name in them.
pub(super) fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(open.as_str())?;
        let (inside, behind) = after.split_once(close.as_str())?;
        rest = behind;
        Some(inside)
    })
}

/// The text of the first element of a name.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    let plain = text.trim().replace("&lt;", "<").replace("&gt;", ">");
    Some(
        plain
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&"),
    )
}

/// A text as a value of a form.
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
