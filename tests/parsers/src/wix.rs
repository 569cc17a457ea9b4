//! Answers of Wix. What is read survives being written; what a status means depends on nothing that it should not; and
//! only an error body of Wix's own says that nothing was done.

use std::time::Duration;

use reseller_hooks::time::Timestamp;
use reseller_hooks::wix::{Error, Failure, Operation, Package, decode_package, decode_page, retry_after};
use serde_json::{Value, json};

const REQUEST: Option<&str> = Some("1700000000.123");

/// Any body, under every status that is told apart; and any `Retry-After`.
pub fn wix_response(input: &[u8]) {
    package(input);
    page(input);
    for status in [302, 400, 401, 403, 404, 408, 409, 428, 429, 498, 499, 500, 503] {
        error(status, input);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let now = Timestamp::from_secs(1_773_100_800);
        let wait = retry_after(text, now).unwrap_or_default();
        assert!(wait <= Duration::from_secs(86_400), "{wait:?} is longer than a day");
        let body = br#"{"message":"","details":{}}"#;
        let error = Error::from_response(Operation::GetPackage, 429, Some(text), REQUEST, body);
        assert!(matches!(error.failure(), Failure::Throttled(_)), "{error:?}");
    }
}

fn package(body: &[u8]) {
    match decode_package(Operation::CreatePackage, 200, REQUEST, body) {
        Ok(package) => survives(&package),
        Err(error) => not_understood(&error),
    }
}

fn page(body: &[u8]) {
    match decode_page(200, REQUEST, body) {
        Ok(page) => {
            assert_ne!(page.next.as_deref(), Some(""), "a cursor that leads nowhere");
            // "Nothing found" is what decides whether a purchase is repeated.
            // What is skipped need not be UTF-8.
            let text = String::from_utf8_lossy(body);
            let said: Value = serde_json::from_str(&text).expect("a page that was read is JSON");
            let names = ["packages", "metadata", "pagingMetadata"];
            assert!(
                names
                    .iter()
                    .any(|name| said.get(name).is_some_and(|value| !value.is_null())),
                "an empty page that nobody said"
            );
            for package in &page.packages {
                survives(package);
            }
        }
        Err(error) => not_understood(&error),
    }
}

fn survives(package: &Package) {
    let body = json!({ "package": package }).to_string();
    match decode_package(Operation::GetPackage, 200, REQUEST, body.as_bytes()) {
        Ok(again) => assert_eq!(again, *package, "a package changed on its way through JSON"),
        Err(error) => panic!("a package is not read back: {error}: {body}"),
    }
    for instance in &package.product_instances {
        assert!(
            package.instance(&instance.instance_id).is_some(),
            "an instance of the package is not found in it"
        );
    }
}

/// The answer was 2xx: perhaps it was done.
fn not_understood(error: &Error) {
    assert_eq!(error.failure(), Failure::Unknown, "{error}");
    assert_eq!(error.status(), Some(200), "{error}");
    one_line(error);
}

fn error(status: u16, body: &[u8]) {
    let error = Error::from_response(Operation::CreatePackage, status, Some("7"), REQUEST, body);
    // By the documentation, and not by the code under test.
    let is_wix =
        serde_json::from_slice::<Value>(body).is_ok_and(|json| json.get("details").is_some_and(Value::is_object));
    let expected = match status {
        401 => Failure::Unauthorized,
        403 => Failure::Forbidden,
        429 => Failure::Throttled(Some(Duration::from_secs(7))),
        400 | 404 | 428 | 498 if is_wix => Failure::Rejected,
        _ => Failure::Unknown,
    };
    assert_eq!(error.failure(), expected, "HTTP {status}: {error}");
    assert_eq!(error.status(), Some(status), "{error}");
    assert_eq!(error.request_id(), REQUEST, "{error}");
    assert!(error.violations().len() <= 100, "too many violations are kept");
    assert!(
        !error.is_not_found() || error.failure() == Failure::Rejected,
        "not found, but not refused: {error}"
    );
    one_line(&error);
    for read in [
        decode_package(Operation::CreatePackage, status, REQUEST, body).err(),
        decode_page(status, REQUEST, body).err(),
    ] {
        let read = read.expect("an answer other than 2xx is an error");
        assert_eq!(read.message(), error.message(), "one body, two errors");
        assert_eq!(read.code(), error.code(), "one body, two errors");
    }
}

/// An error is a line in the logs.
fn one_line(error: &Error) {
    let text = error.to_string();
    assert!(
        !text.chars().any(char::is_control),
        "an error breaks its line: {text:?}"
    );
    assert!(
        text.chars().count() <= 5_000,
        "an error is too long: {} characters",
        text.len()
    );
}
