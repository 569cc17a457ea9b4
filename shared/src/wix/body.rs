//! Reads the bodies of answers: Wix's error body, a package, a page of packages. Pure, and the only code that does
//! it, so that a simulation in process goes through the same lines as the real client.

use serde::Deserialize;
use serde_json::Value;

use super::error::{Error, Failure, FieldViolation, Operation};
use super::package::Package;
use super::retry::whole_seconds;

/// The most characters of Wix's words that are kept in an error.
const MAX_MESSAGE_CHARS: usize = 400;

/// One page of Query Packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackagePage {
    /// Its packages, in the order of the query's sort. A page may be short, or empty, without being the last.
    pub packages: Vec<Package>,
    /// The cursor of the next page. Its absence, and nothing else, is the end (documented).
    pub next: Option<String>,
}

impl Error {
    /// What an answer other than 2xx means: the one place where statuses and bodies become a [`Failure`].
    ///
    /// - 429 is `Throttled`, 401 `Unauthorized`, 403 `Forbidden`, whatever the body says (403 was observed with none).
    /// - 408, 409, 499, everything from 500 up (also with an `applicationError`: observed), and 1xx to 3xx are
    ///   `Unknown`.
    /// - Any other 4xx is `Rejected` if the body is Wix's own (a JSON object with an object `details`), else `Unknown`:
    ///   an HTML 404 is some proxy's, and says nothing about what Wix did.
    ///
    /// `retry_after` is the header's value in whole seconds; a date has to be resolved first, with
    /// [`retry_after`](super::retry_after). What cannot be read there is as good as absent.
    pub fn from_response(
        operation: Operation,
        status: u16,
        retry_after: Option<&str>,
        request_id: Option<&str>,
        body: &[u8],
    ) -> Self {
        let read = read_error(body);
        let failure = match status {
            401 => Failure::Unauthorized,
            403 => Failure::Forbidden,
            429 => Failure::Throttled(retry_after.and_then(whole_seconds)),
            408 | 409 | 499 => Failure::Unknown,
            400..=498 if read.is_wix => Failure::Rejected,
            0..=u16::MAX => Failure::Unknown,
        };
        Self {
            operation,
            failure,
            status: Some(status),
            code: read.code,
            message: read.message,
            violations: read.violations,
            request_id: request_id.map(str::to_owned),
        }
    }
}

/// What an error body says.
struct ErrorBody {
    /// Whether it is Wix's own: a JSON object with an object `details`.
    is_wix: bool,
    code: Option<String>,
    message: String,
    violations: Vec<FieldViolation>,
}

/// Reads an error body of any kind; never fails.
fn read_error(body: &[u8]) -> ErrorBody {
    let foreign = |message: &str| ErrorBody {
        is_wix: false,
        code: None,
        message: message.to_owned(),
        violations: Vec::new(),
    };
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() {
        return foreign("the answer has no body");
    }
    if trimmed.first() == Some(&b'<') {
        return foreign("the answer is a page of HTML or XML, not Wix's JSON: something between here and Wix sent it");
    }
    let Ok(json) = serde_json::from_slice::<Value>(trimmed) else {
        return foreign("the answer is not JSON, or was cut");
    };
    let words = |value: Option<&Value>| cut(value.and_then(Value::as_str).unwrap_or_default());
    let Some(details) = json.get("details").filter(|details| details.is_object()) else {
        let message = words(json.get("message"));
        return foreign(if message.is_empty() {
            "the answer is not an error as Wix writes it"
        } else {
            &message
        });
    };
    let application = details.get("applicationError");
    let code = application
        .and_then(|error| error.get("code"))
        .and_then(|code| match code {
            Value::String(text) if !text.trim().is_empty() => Some(cut(text.trim())),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        });
    let mut message = words(json.get("message"));
    if message.is_empty() {
        message = words(application.and_then(|error| error.get("description")));
    }
    let violations = details
        .get("validationError")
        .and_then(|error| error.get("fieldViolations"))
        .and_then(Value::as_array)
        .map(|violations| {
            let read = |violation: &Value| FieldViolation {
                field: words(violation.get("field")),
                description: words(violation.get("description")),
                violated_rule: violation.get("violatedRule").and_then(Value::as_str).map(cut),
            };
            violations.iter().take(100).map(read).collect()
        })
        .unwrap_or_default();
    ErrorBody {
        is_wix: true,
        code,
        message,
        violations,
    }
}

/// Cuts Wix's words to a length that fits a log line, on one line.
fn cut(text: &str) -> String {
    text.chars()
        .take(MAX_MESSAGE_CHARS)
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}

/// Reads the answer of every operation that answers with one package: in `package`, or, for Update Package External
/// ID, in `updatedPackage` (the schema) or `updated_package` (the example).
///
/// An answer other than 2xx becomes the error that [`Error::from_response`] makes of it. A 2xx that cannot be read
/// is `Unknown`, and says where in the JSON it could not.
pub fn decode_package(
    operation: Operation,
    status: u16,
    request_id: Option<&str>,
    body: &[u8],
) -> Result<Package, Error> {
    #[derive(Deserialize)]
    struct Envelope {
        package: Option<Package>,
        #[serde(rename = "updatedPackage")]
        updated_camel: Option<Package>,
        #[serde(rename = "updated_package")]
        updated_snake: Option<Package>,
    }
    let envelope: Envelope = decode(operation, status, request_id, body)?;
    envelope
        .package
        .or(envelope.updated_camel)
        .or(envelope.updated_snake)
        .ok_or_else(|| Error::unknown(operation, "the answer holds no package").answered(status, request_id))
}

/// Reads the answer of Query Packages: the cursor from `metadata`, else from `pagingMetadata`.
///
/// An answer other than 2xx becomes the error that [`Error::from_response`] makes of it. An answer without packages
/// *and* without metadata is not taken for an empty page: "nothing found" is what decides whether a purchase is
/// repeated, so it has to be said.
pub fn decode_page(status: u16, request_id: Option<&str>, body: &[u8]) -> Result<PackagePage, Error> {
    #[derive(Deserialize)]
    struct Envelope {
        packages: Option<Vec<Package>>,
        metadata: Option<Metadata>,
        #[serde(rename = "pagingMetadata")]
        paging_metadata: Option<Metadata>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        cursors: Option<Cursors>,
    }
    #[derive(Deserialize)]
    struct Cursors {
        next: Option<String>,
    }

    let operation = Operation::QueryPackages;
    let envelope: Envelope = decode(operation, status, request_id, body)?;
    if envelope.packages.is_none() && envelope.metadata.is_none() && envelope.paging_metadata.is_none() {
        let error = Error::unknown(operation, "the answer holds neither packages nor metadata");
        return Err(error.answered(status, request_id));
    }
    let cursor = |metadata: Option<Metadata>| {
        metadata
            .and_then(|metadata| metadata.cursors)
            .and_then(|cursors| cursors.next)
            .filter(|cursor| !cursor.is_empty())
    };
    Ok(PackagePage {
        packages: envelope.packages.unwrap_or_default(),
        next: cursor(envelope.metadata).or_else(|| cursor(envelope.paging_metadata)),
    })
}

fn decode<'a, T: Deserialize<'a>>(
    operation: Operation,
    status: u16,
    request_id: Option<&str>,
    body: &'a [u8],
) -> Result<T, Error> {
    if !(200..300).contains(&status) {
        return Err(Error::from_response(operation, status, None, request_id, body));
    }
    crate::decode::decode(body).map_err(|misfit| {
        let reason = format!("at {}: {}", misfit.place(), cut(&misfit.source().to_string()));
        let message = format!("the answer is not what is documented: {reason}");
        Error::unknown(operation, message).answered(status, request_id)
    })
}
