//! Answers that say no, in the three shapes that Wix documents: an application error with a code, a validation error with
//! fields, and nothing but a status.

use std::borrow::Cow;

use serde_json::{Value, json};

/// A request that is refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<Cow<'static, str>>,
    pub(crate) body: Value,
}

/// One field that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) field: String,
    pub(crate) description: String,
    pub(crate) rule: &'static str,
}

impl Refusal {
    /// An application error of the documented table.
    pub(crate) fn application(code: impl Into<Cow<'static, str>>, description: impl Into<String>) -> Self {
        let code = code.into();
        let status = status_of(&code);
        Self::with_code(status, code, description)
    }

    /// An application error with a status of its own.
    pub(crate) fn with_code(status: u16, code: impl Into<Cow<'static, str>>, description: impl Into<String>) -> Self {
        let (code, description) = (code.into(), description.into());
        let body = json!({
            "message": description,
            "details": {"applicationError": {"code": code, "description": description, "data": {}}},
        });
        Self {
            status,
            code: Some(code),
            body,
        }
    }

    /// Fields that are not as they must be. Never called with none.
    pub(crate) fn validation(violations: &[Violation]) -> Self {
        let message = violations
            .iter()
            .map(|violation| format!("{} {}", violation.field, violation.description))
            .collect::<Vec<_>>()
            .join(", ");
        let fields: Vec<Value> = violations
            .iter()
            .map(|violation| {
                json!({
                    "field": violation.field,
                    "description": violation.description,
                    "violatedRule": violation.rule,
                })
            })
            .collect();
        Self {
            status: 400,
            code: None,
            body: json!({"message": message, "details": {"validationError": {"fieldViolations": fields}}}),
        }
    }

    /// One field that is not as it must be.
    pub(crate) fn field(field: impl Into<String>, rule: &'static str, description: impl Into<String>) -> Self {
        Self::validation(&[Violation {
            field: field.into(),
            description: description.into(),
            rule,
        }])
    }

    /// A status with words and no details.
    pub(crate) fn plain(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            body: json!({"message": message.into(), "details": {}}),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.body.to_string().into_bytes()
    }
}

/// The HTTP status that the documentation gives a code; 428 for the many that are failed preconditions.
pub(crate) fn status_of(code: &str) -> u16 {
    match code {
        "PRODUCT_NOT_FOUND"
        | "SITE_NOT_FOUND"
        | "ACCOUNT_NOT_FOUND"
        | "INVALID_REFERENCE_PRODUCT_INSTANCE_ID"
        | "PACKAGE_NOT_FOUND" => 404,
        _ => 428,
    }
}
