//! A deployment between two steps: an older version wrote the record or the message, and this one goes on with it. The
//! texts are written by hand with what the first version of the format had and nothing that is optional, so that a
//! field which becomes required, or means something else, turns these tests red.

use reseller_hooks_tests::prelude::*;

/// The order of every record here: one plan with its voucher, for a site.
const PAID: &str = r#"{
    "newest": {"states": [{"at": "2026-09-21T14:13:24Z", "snapshot": {
        "version": {"time": "2026-09-21T14:13:23Z"}, "hash": "0000000000000003",
        "created_at": "2026-09-21T14:12:20Z", "paid": "full",
        "lines": [{"id": "1", "sku": "PLAN", "units": 1}],
        "fields": {"site": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd"}
    }}]}
}"#;

/// The same order, canceled.
const CANCELED: &str = r#"{
    "newest": {"states": [{"at": "2026-09-21T14:13:25Z", "snapshot": {
        "version": {"time": "2026-09-21T14:13:24Z"}, "hash": "0000000000000004",
        "created_at": "2026-09-21T14:12:20Z", "paid": "full", "ended": {},
        "lines": [{"id": "1", "sku": "PLAN", "units": 0}],
        "fields": {"site": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd"}
    }}]}
}"#;

const LINES: &str = r#"[{"id": "1", "runs": [{"count": 1, "sku": "PLAN", "plan": {"buy": [{
    "account": "5a5db0c5-0000-4000-8000-000000000001", "on_cancel": "unassign",
    "product": {
        "catalogProductId": "00ba7923-2655-402a-852d-2b2100568bcf", "siteId": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd",
        "billingInfo": {"type": "RECURRING", "cycleDuration": {"unit": "YEAR", "count": 1}}, "countryCode": "US"
    },
    "voucher": {"product": {
        "catalogProductId": "040639ae-277e-4a73-a4d2-1b6801b92f45", "siteId": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd",
        "billingInfo": {"type": "RECURRING", "cycleDuration": {"unit": "YEAR", "count": 1}}, "countryCode": "US"
    }}
}]}}]}]"#;

/// The base purchase in a state.
fn base(state: &str) -> String {
    format!(
        r#"{{"id": "b1", "gen": 1, "account": "5a5db0c5-0000-4000-8000-000000000001",
        "items": [[0, 1, 0]], "products": [{{"count": 1,
            "catalogProductId": "00ba7923-2655-402a-852d-2b2100568bcf", "siteId": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd",
            "billingInfo": {{"type": "RECURRING", "cycleDuration": {{"unit": "YEAR", "count": 1}}}}, "countryCode": "US"
        }}], "state": {state}}}"#
    )
}

/// The voucher purchase in a state.
fn voucher(state: &str) -> String {
    format!(
        r#"{{"id": "v1", "gen": 1, "account": "5a5db0c5-0000-4000-8000-000000000001",
        "items": [[0, 1, 0]], "references": ["06c45d18-8009-454f-943a-8377ed80cd92"], "products": [{{"count": 1,
            "catalogProductId": "040639ae-277e-4a73-a4d2-1b6801b92f45", "siteId": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd",
            "billingInfo": {{"type": "RECURRING", "cycleDuration": {{"unit": "YEAR", "count": 1}}}}, "countryCode": "US"
        }}], "state": {state}}}"#
    )
}

/// Begun before the create, and nothing was written since.
const BEGUN: &str = r#"{"in_doubt": {"stage": "first_send", "created_after": "2026-09-21T14:13:20Z", "send_before": "2026-09-21T14:14:03Z",
    "look_at": "2026-09-21T14:13:20Z"}}"#;
const BASE_DONE: &str = r#"{"created": {"package": "6e789e6a-a1b9-45f4-9ea5-9f2878e51fb5",
    "created_at": "2026-09-21T14:13:20Z", "instances": [
        {"i": "06c45d18-8009-454f-943a-8377ed80cd92", "s": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd"}]}}"#;
const VOUCHER_DONE: &str = r#"{"created": {"package": "f88bb8a8-724c-41ec-a9e7-bf14d7c14038",
    "created_at": "2026-09-21T14:13:20Z", "instances": [
        {"i": "1b39896a-51a8-449b-884f-bf8e57525fe9", "s": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd"}]}}"#;
/// Its unassign was begun, and nothing was written since.
const VOUCHER_BEING_TAKEN_OFF: &str = r#"{"created": {"package": "f88bb8a8-724c-41ec-a9e7-bf14d7c14038",
    "created_at": "2026-09-21T14:13:20Z", "instances": [
        {"i": "1b39896a-51a8-449b-884f-bf8e57525fe9", "s": "918aa943-ab4f-40bc-88c3-8dfd02fae7cd", "n": 1, "p": "u"}]}}"#;
const REFUSED: &str =
    r#"{"refused": {"op": "Create Package", "code": "PRODUCT_NOT_FOUND", "at": "2026-09-21T14:13:20Z"}}"#;
const DROPPED: &str = r#"{"dropped": {"created_after": "2026-09-21T14:13:20Z"}}"#;

fn order() -> Order {
    ordered("PLAN", 1).site(SITE)
}

/// A world whose Wix has as many of the order's packages as were created; the ledger is empty.
fn with_packages(created: u64) -> World {
    let mut world = World::unkind(Duration::ZERO);
    drop(world.begins_and_creates(&order(), created));
    world.ledger = Arc::default();
    world.clock.advance(Duration::from_secs(120));
    world
}

/// What an older version left in the ledger.
fn written(world: &World, desired: &str, actual: &str) {
    let body = format!(r#"{{"schema": 1, "key": "{KEY}", "desired": {desired}{actual}}}"#);
    world.write(KEY, &body);
}

fn actual(purchases: &[String], more: &str) -> String {
    let purchases = purchases.join(",");
    format!(r#", "actual": {{"lines": {LINES}, "purchases": [{purchases}]{more}}}"#)
}

/// The states in which a record of a paid order may be left, and how many packages there were.
fn left() -> Vec<(&'static str, String, u64)> {
    let hold = r#", "hold": {"until": "2026-09-21T14:13:40Z", "failures": 2,
        "last": {"op": "Create Package", "code": "HTTP 500", "at": "2026-09-21T14:13:20Z"}}"#;
    let lease = r#", "lease": {"owner": "a worker of the older version", "until": "2026-09-21T14:14:23Z"}"#;
    let begun = base(BEGUN);
    let unanswered = BEGUN.replace(
        r#""look_at""#,
        r#""last": {"op": "Create Package", "code": "no answer", "at": "2026-09-21T14:13:20Z"}, "look_at""#,
    );
    vec![
        ("merged", String::new(), 0),
        ("planned", actual(&[], ""), 0),
        ("held back", actual(&[], hold), 0),
        ("begun, not sent", actual(std::slice::from_ref(&begun), "") + lease, 0),
        ("begun, sent", actual(&[begun], "") + lease, 1),
        ("unanswered", actual(&[base(&unanswered)], ""), 1),
        ("bought, no voucher", actual(&[base(BASE_DONE)], ""), 1),
        (
            "voucher begun, not sent",
            actual(&[base(BASE_DONE), voucher(BEGUN)], ""),
            1,
        ),
        ("voucher begun, sent", actual(&[base(BASE_DONE), voucher(BEGUN)], ""), 2),
        ("bought whole", actual(&[base(BASE_DONE), voucher(VOUCHER_DONE)], ""), 2),
        ("dropped, wanted again", actual(&[base(DROPPED)], ""), 0),
    ]
}

#[test]
fn an_older_record_in_any_state_is_gone_on_with_by_the_sweep() {
    for (state, actual, created) in left() {
        let world = with_packages(created);
        written(&world, PAID, &actual);
        let sweep = world.sweep();
        assert_eq!((sweep.orders, sweep.failed), (1, 0), "{state}");
        world.settle();
        assert_eq!(world.packages(), (1, 1), "{state}");
        assert_eq!(world.wrong(KEY, paid(1, 1)), Vec::<String>::new(), "{state}");
    }
}

#[test]
fn an_older_record_in_any_state_takes_a_newer_cancellation() {
    for (state, actual, created) in left() {
        let world = with_packages(created);
        written(&world, PAID, &actual);
        world.hears(&order().canceled());
        world.settle();
        assert_eq!(world.sites(), 0, "{state}");
        assert_eq!(world.attention(KEY), Vec::<String>::new(), "{state}");
        assert_eq!(violations(&world), Vec::<String>::new(), "{state}");
    }
}

#[test]
fn an_older_record_in_a_cancellation_is_taken_back_to_its_end() {
    let canceling = actual(&[base(BASE_DONE), voucher(VOUCHER_BEING_TAKEN_OFF)], "");
    let unknown = actual(&[base(BEGUN)], "");
    for (actual, created) in [(canceling, 2), (unknown.clone(), 1), (unknown, 0)] {
        let world = with_packages(created);
        written(&world, CANCELED, &actual);
        world.settle();
        assert_eq!((world.sites(), world.attention(KEY)), (0, vec![]), "{actual}");
        assert_eq!(violations(&world), Vec::<String>::new(), "{actual}");
    }
}

#[test]
fn an_older_record_in_attention_is_shown_as_it_was_and_retried() {
    let ambiguous = r#""ambiguous""#;
    for (state, code) in [(REFUSED, "PRODUCT_NOT_FOUND"), (ambiguous, "SEVERAL_PACKAGES")] {
        let world = with_packages(0);
        written(&world, PAID, &actual(&[base(state)], ""));
        assert_eq!(world.attention(KEY), [code]);
        world.settle();
        assert_eq!(world.calls(Operation::CreatePackage), 0, "{code}: nobody asked for it");
        world.retries();
        assert_eq!(world.wrong(KEY, paid(1, 1)), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn an_older_record_of_a_settled_order_takes_a_reference_that_comes() {
    let world = with_packages(2);
    written(&world, PAID, &actual(&[base(BASE_DONE), voucher(VOUCHER_DONE)], ""));
    world.settle();
    assert_eq!(world.calls(Operation::CreatePackage), 2);
    world.hears(&order().reference("SUB-7"));
    assert_eq!(world.external_ids(), ["SUB-7", "SUB-7-v1"]);
}

#[test]
fn what_a_newer_version_added_does_not_stop_an_older_one() {
    let world = with_packages(0);
    written(&world, PAID, r#", "added": {"by": ["a newer version"]}"#);
    world.settle();
    world.has(1, 1);
}

#[test]
fn an_older_message_in_the_queue_is_worked_on() {
    let texts = [
        r#"{"schema": 2, "key": "shopify/5324830114101", "received_at": "2026-09-21T14:13:20Z", "says": {"snapshot": {
            "version": {"time": "2026-09-21T14:13:23Z"}, "hash": "3",
            "created_at": "2026-09-21T14:12:20Z", "paid": "full",
            "lines": [{"id": "1", "sku": "ENDS", "units": 2}, {"id": "2", "units": 1}]}}}"#,
        r#"{"schema": 2, "key": "shopify/5324830114101", "received_at": "2026-09-21T14:13:21Z", "says": {"refund": {
            "id": "r", "state": "succeeded", "lines": {"1": 1}}}}"#,
    ];
    let world = World::kind();
    for text in texts {
        world.hears(&OrderEvent::from_json(text).unwrap());
    }
    world.has(1, 0);
    world.holds();
}
