//! Every kind of answer, status by status and body by body.

use proptest::prelude::*;

use super::*;

const CODE: &str =
    r#"{"message":"m","details":{"applicationError":{"code":"PRODUCT_NOT_FOUND","description":"d","data":{"a":1}}}}"#;
const NUMBER: &str = r#"{"message":"","details":{"applicationError":{"code":-42,"description":"d"}}}"#;
const BARE_CODE: &str = r#"{"message":"","details":{"applicationError":{"code":"X"}}}"#;
const NO_CODE: &str = r#"{"message":"","details":{"applicationError":{"code":null}}}"#;
const FIELDS: &str = r#"{"message":"not valid","details":{"validationError":{"fieldViolations":[{"field":"products[0].countryCode","description":"is wrong","violatedRule":"FORMAT"},{"field":"b","description":"c"},{}]}}}"#;
const EMPTY: &str = r#"{"message":"","details":{}}"#;

fn read(status: u16, body: &str) -> Error {
    Error::from_response(Operation::CreatePackage, status, None, Some("r-1"), body.as_bytes())
}

#[test]
fn statuses_and_bodies_make_failures() {
    use Failure::{Forbidden, Rejected, Throttled, Unauthorized, Unknown};
    let cases = [
        (400, FIELDS, Rejected, None),
        (400, EMPTY, Rejected, None),
        (400, NO_CODE, Rejected, None),
        (404, CODE, Rejected, Some("PRODUCT_NOT_FOUND")),
        (404, BARE_CODE, Rejected, Some("X")),
        (412, CODE, Rejected, Some("PRODUCT_NOT_FOUND")),
        (422, CODE, Rejected, Some("PRODUCT_NOT_FOUND")),
        (428, NUMBER, Rejected, Some("-42")),
        (401, CODE, Unauthorized, Some("PRODUCT_NOT_FOUND")),
        (401, "", Unauthorized, None),
        (403, "", Forbidden, None),
        (403, "<html>", Forbidden, None),
        (429, EMPTY, Throttled(None), None),
        (429, "<html>", Throttled(None), None),
        (408, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (409, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (499, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (500, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (500, EMPTY, Unknown, None),
        (503, "", Unknown, None),
        (504, "<html>", Unknown, None),
        (404, "", Unknown, None),
        (404, " \r\n", Unknown, None),
        (404, "<html>", Unknown, None),
        (404, r#"{"message":"Not Found"}"#, Unknown, None),
        (404, r#"{"message":"","details":null}"#, Unknown, None),
        (404, r#"{"message":"","details":[]}"#, Unknown, None),
        (404, &CODE[..60], Unknown, None),
        (428, "[]", Unknown, None),
        (428, "\"PRODUCT_NOT_FOUND\"", Unknown, None),
        (302, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (100, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (200, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
        (u16::MAX, CODE, Unknown, Some("PRODUCT_NOT_FOUND")),
    ];
    for (status, body, failure, code) in cases {
        let error = read(status, body);
        assert_eq!((error.failure(), error.code()), (failure, code), "{status} {body}");
        assert_eq!((error.status(), error.request_id()), (Some(status), Some("r-1")));
    }
}

#[test]
fn throttling_takes_its_time_from_the_header() {
    for (header, seconds) in [(Some("30"), Some(30)), (Some("soon"), None), (None, None)] {
        let error = Error::from_response(Operation::GetPackage, 429, header, None, b"");
        assert_eq!(error.failure(), Failure::Throttled(seconds.map(Duration::from_secs)));
    }
}

#[test]
fn field_violations_are_named_with_and_without_a_rule() {
    let error = read(400, FIELDS);
    assert_eq!(error.violations().len(), 3);
    assert_eq!(error.violations()[0].violated_rule.as_deref(), Some("FORMAT"));
    assert_eq!(error.violations()[1].violated_rule, None);
    assert!(
        error.to_string().starts_with(
            "Create Package failed with HTTP 400: not valid; products[0].countryCode: is wrong (FORMAT); b: c"
        ),
        "{error}"
    );
}

#[test]
fn words_are_cut_to_one_line_and_a_length_for_logs() {
    let body = format!(r#"{{"message":"a\nb{}","details":{{}}}}"#, "x".repeat(10_000));
    let error = read(400, &body);
    assert!(error.message().starts_with("a bxxx"));
    assert_eq!(error.message().len(), 400);
}

#[test]
fn a_package_is_read_from_each_of_its_names() {
    let package = format!(r#"{{"id":"{PACKAGE}"}}"#);
    for body in [
        format!(r#"{{"package":{package}}}"#),
        format!(r#"{{"updatedPackage":{package}}}"#),
        format!(r#"{{"updated_package":{package},"more":1}}"#),
        format!(r#"{{"package":null,"updatedPackage":{package}}}"#),
    ] {
        let read = decode_package(Operation::UpdateExternalId, 200, None, body.as_bytes()).unwrap();
        assert_eq!(read.id.as_str(), PACKAGE);
    }
}

#[test]
fn what_documents_spell_in_several_ways_is_read_in_each() {
    let body = format!(
        r#"{{"package":{{"id":"{PACKAGE}","accountId":"<ACCOUNT_ID>","productInstances":[
            {{"instanceId":"{INSTANCE}","catalogProductId":"{PRODUCT}","status":"Enabled","paymentInfo":{{"type":"ONE_TIME"}}}},
            {{"instanceId":"{INSTANCE}","catalogProductId":"{PRODUCT}","status":"ACTIVE","contractDetails":{{"billingInfo":{{"type":"RECURRING","cycleDuration":{{"unit":"MONTH","count":3}}}}}}}},
            {{"instanceId":"{INSTANCE}","catalogProductId":"{PRODUCT}","status":"ON_HOLD"}},
            {{"instanceId":"{INSTANCE}","catalogProductId":"{PRODUCT}"}}
        ]}}}}"#
    );
    let package = decode_package(Operation::GetPackage, 200, None, body.as_bytes()).unwrap();
    let instances = &package.product_instances;
    assert_eq!(package.account_id, None);
    assert_eq!(instances[0].status, Status::Enabled);
    assert_eq!(instances[0].billing_info, Some(BillingInfo::one_time()));
    assert_eq!(instances[1].status, Status::Enabled);
    assert_eq!(
        instances[1].billing_info,
        Some(BillingInfo::recurring(CycleUnit::Month, 3))
    );
    assert_eq!(instances[2].status, Status::Unknown("ON_HOLD".to_owned()));
    assert_eq!(instances[3].status, Status::Unknown(String::new()));
}

#[test]
fn a_package_without_instances_is_one() {
    for rest in [
        "",
        r#","productInstances":null,"externalId":null"#,
        r#","productInstances":[]"#,
    ] {
        let body = format!(r#"{{"package":{{"id":"{PACKAGE}"{rest}}}}}"#);
        let package = decode_package(Operation::GetPackage, 200, None, body.as_bytes()).unwrap();
        assert!(package.product_instances.is_empty(), "{body}");
    }
}

#[test]
fn an_error_says_whether_a_retry_can_help() {
    assert!(read(500, "").retry_can_help());
    assert!(read(429, "").retry_can_help());
    assert!(!read(404, CODE).retry_can_help());
    assert!(!read(401, "").retry_can_help());
    assert!(!read(403, "").retry_can_help());
}

#[test]
fn an_answer_that_cannot_be_read_says_where() {
    let body = format!(r#"{{"package":{{"id":"{PACKAGE}","productInstances":[{{"instanceId":7}}]}}}}"#);
    let error = decode_package(Operation::GetPackage, 200, Some("r-2"), body.as_bytes()).unwrap_err();
    assert_eq!(error.failure(), Failure::Unknown);
    assert_eq!((error.status(), error.request_id()), (Some(200), Some("r-2")));
    assert!(error.message().contains("at package.productInstances[0]"), "{error}");

    let twice = format!("{CREATED}{CREATED}");
    assert!(decode_package(Operation::GetPackage, 200, None, twice.as_bytes()).is_err());
    let nested = "[".repeat(10_000);
    assert!(decode_package(Operation::GetPackage, 200, None, nested.as_bytes()).is_err());
}

#[test]
fn the_cursor_is_read_from_either_metadata() {
    let cases = [
        (r#"{"packages":[],"metadata":{"cursors":{"next":"a"}}}"#, Some("a")),
        (
            r#"{"packages":[],"pagingMetadata":{"cursors":{"next":"b"}}}"#,
            Some("b"),
        ),
        (
            r#"{"packages":[],"metadata":{"count":0},"pagingMetadata":{"cursors":{"next":"b"}}}"#,
            Some("b"),
        ),
        (r#"{"metadata":{"cursors":{"prev":"c"}}}"#, None),
        (r#"{"packages":[],"metadata":{"cursors":{"next":""}}}"#, None),
        (r#"{"packages":[],"metadata":{"cursors":{"next":null}}}"#, None),
        (r#"{"packages":[]}"#, None),
    ];
    for (body, next) in cases {
        let page = decode_page(200, None, body.as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), next, "{body}");
    }
}

#[test]
fn nothing_found_has_to_be_said() {
    for body in ["{}", "[]", "", "null", r#"{"packages":null}"#] {
        let error = decode_page(200, None, body.as_bytes()).unwrap_err();
        assert_eq!(error.failure(), Failure::Unknown, "{body}");
    }
    let refused = decode_page(404, None, CODE.as_bytes()).unwrap_err();
    assert_eq!(refused.failure(), Failure::Rejected);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(status in any::<u16>(), header in any::<Option<String>>(), body in any::<Vec<u8>>()) {
        let _ = Error::from_response(Operation::CreatePackage, status, header.as_deref(), None, &body);
        let _ = decode_package(Operation::CreatePackage, status, None, &body);
        let _ = decode_page(status, None, &body);
    }

    #[test]
    fn any_damage_to_a_good_body_is_survived(at in 0..CREATED.len(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut body = CREATED.as_bytes().to_vec();
        body[at] = byte;
        if cut {
            body.truncate(at);
        }
        let _ = decode_package(Operation::CreatePackage, 200, None, &body);
        let _ = decode_page(200, None, &body);
        let _ = Error::from_response(Operation::CreatePackage, 404, None, None, &body);
    }

    #[test]
    fn no_write_is_refused_without_a_body_of_wixs_own(status in 100_u16..600, body in "[^{]{0,40}") {
        prop_assert_ne!(read(status, &body).failure(), Failure::Rejected);
    }
}
