//! What CloudFormation says of a stack: its outputs. The answer is XML of one shape, of which two elements are wanted.

use std::collections::BTreeMap;

/// The outputs by their names.
pub(super) fn outputs(xml: &str) -> BTreeMap<String, String> {
    let (_, after) = xml.split_once("<Outputs>").unwrap_or_default();
    let (all, _) = after.split_once("</Outputs>").unwrap_or_default();
    all.split("<member>")
        .filter_map(|member| Some((element(member, "OutputKey")?, element(member, "OutputValue")?)))
        .collect()
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
