//! `reconcile`'s `pause` and `resume`: how they are read, and what they answer.

use serde_json::{Value, json};

use crate::fulfilment::permit::Switch;
use crate::fulfilment::{Standing, Switched};

/// Reads `{"by": "WHO", "reason": "WHY"}`, both of which are needed. An error completes the sentence `"pause" …`.
pub(super) fn read(pauses: bool, value: &Value) -> Result<Switch, String> {
    let Some(members) = value.as_object() else {
        return Err("wants an object with \"by\" and \"reason\"".to_owned());
    };
    if let Some(other) = members.keys().find(|key| !matches!(key.as_str(), "by" | "reason")) {
        let shown: String = other.chars().take(40).collect();
        return Err(format!("has no member {shown:?}"));
    }
    let text = |name: &str| -> Result<String, String> {
        let text = members.get(name).and_then(Value::as_str).map(str::trim);
        let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or_else(|| format!("wants a text {name:?}"))
    };
    Ok(Switch {
        pauses,
        by: text("by")?,
        reason: text("reason")?,
    })
}

/// What the operator is told.
pub(super) fn answer(switch: &Switch, switched: Switched, standing: &Standing) -> Value {
    let switched = match switched {
        Switched::Now => "now",
        Switched::Before => "before",
    };
    let verb = if switch.pauses { "paused" } else { "resumed" };
    json!({ verb: switched, "standing": standing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_and_why_are_needed_and_nothing_else_is_taken() {
        let good = json!({ "by": " jane ", "reason": "a storm" });
        let switch = read(true, &good).unwrap();
        assert_eq!((switch.by.as_str(), switch.reason.as_str()), ("jane", "a storm"));
        for wrong in [
            json!(true),
            json!({}),
            json!({ "by": "jane" }),
            json!({ "by": "jane", "reason": " " }),
            json!({ "by": "jane", "reason": "a storm", "until": "tomorrow" }),
        ] {
            assert!(read(true, &wrong).is_err(), "{wrong}");
        }
    }
}
