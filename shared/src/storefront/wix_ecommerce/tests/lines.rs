//! Lines and their IDs, and what they say.

use super::*;

#[test]
fn line_ids_are_made_unique_and_stay_the_same_in_any_order_of_the_lines() {
    let ids = |order: &Snapshot| order.lines.iter().map(|line| line.id.clone()).collect::<BTreeSet<_>>();
    let first = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    let expected = [
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000001#EMAIL-1Y",
        "00000000-0000-0000-0000-000000000001#PREMIUM-1Y",
    ];
    assert_eq!(ids(&first), expected.map(str::to_owned).into());
    let mut reordered: serde_json::Value = serde_json::from_str(PAID).unwrap();
    reordered["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let second = snapshot(deliver(KIND, reordered.to_string().as_bytes(), ""));
    assert_eq!(second.lines, first.lines);
}

#[test]
fn a_line_added_later_does_not_rename_the_others() {
    let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
    let lines = event["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap();
    lines.retain(|line| line["physicalProperties"]["sku"] == "PREMIUM-1Y");
    let alone = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
    assert_eq!(alone.lines.len(), 1);
    let all = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    assert!(all.lines.contains(&alone.lines[0]));
}

#[test]
fn lines_with_one_id_and_one_sku_are_counted_and_none_is_lost() {
    let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
    let lines = event["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap();
    let mut again = lines[0].clone();
    again["quantity"] = json!(1);
    lines.insert(0, again);
    let order = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
    let premium: Vec<_> = order
        .lines
        .iter()
        .filter(|line| line.id.contains("#PREMIUM-1Y"))
        .map(|line| (line.id.rsplit_once("PREMIUM-1Y").unwrap().1, line.units))
        .collect();
    assert_eq!(premium, [("", 2), ("##2", 1)]);
}

#[test]
fn a_line_is_taken_for_no_other_whatever_stands_in_its_sku() {
    let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
    let lines = event["actionEvent"]["body"]["order"]["lineItems"]
        .as_array_mut()
        .unwrap();
    let with_sku = |sku: serde_json::Value| {
        let mut line = lines[0].clone();
        line["physicalProperties"]["sku"] = sku;
        line
    };
    // Two lines without an SKU, and those whose SKUs look like what the second of two is called.
    let skus = [
        json!(null),
        json!(null),
        json!("2"),
        json!("#2"),
        json!("A"),
        json!("A"),
        json!("A#2"),
        json!("A##2"),
    ];
    let like: Vec<_> = skus.map(with_sku).into();
    *lines = like;
    let order = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
    let ids: BTreeSet<_> = order.lines.iter().map(|line| &line.id).collect();
    assert_eq!(ids.len(), 8, "{ids:?}");
}

#[test]
fn objects_and_texts_of_json_are_read_under_either_name() {
    let text = snapshot(deliver(KIND, AS_TEXT.as_bytes(), ""));
    let object = snapshot(deliver(KIND, PAID.as_bytes(), ""));
    assert_eq!(text.lines, object.lines);
    for (name, other) in [
        ("updatedEvent", "currentEntity"),
        ("updatedEvent", "currentEntityAsJson"),
        ("createdEvent", "entity"),
        ("createdEvent", "entityAsJson"),
    ] {
        let mut event: serde_json::Value = serde_json::from_str(PAID).unwrap();
        let order = event["actionEvent"]["body"]["order"].clone();
        event.as_object_mut().unwrap().remove("actionEvent");
        for value in [order.clone(), json!(order.to_string())] {
            event[name] = json!({ other: value });
            let read = snapshot(deliver(KIND, event.to_string().as_bytes(), ""));
            assert_eq!(read.lines, object.lines, "{name}.{other}");
        }
    }
}

#[test]
fn refund_quantity_is_taken_off_the_line() {
    let (event, trigger) = event(deliver(KIND, REFUNDED_ONE.as_bytes(), ""));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    // Nothing of it is open.
    assert!(order.paid == Paid::Full && order.ended.is_none());
    let mut all = units(order);
    all.sort_unstable();
    assert_eq!(all, [1, 1, 1]);
}

#[test]
fn properties_are_also_read_from_extended_fields_and_old_custom_fields() {
    let body = with(
        PAID,
        "\"customFields\": [",
        "\"extendedFields\": {\"namespaces\": {\"@sample/app\": {\"wix_site_id\": \"from-extended\"}}}, \"customFields\": [{\"title\": \"wix_external_id\", \"value\": {\"stringValue\": \"PO-7\"}},",
    );
    let fields = snapshot(deliver(KIND, &body, "")).fields;
    assert_eq!(fields.site.as_deref(), Some("from-extended"));
    assert_eq!(fields.external_id.as_deref(), Some("PO-7"));
}

#[test]
fn cycles_are_ordered_by_their_number_and_lines_keep_their_ids() {
    let first = &says(include_str!(
        "../../../../../events/wix/order_paid_subscription_first.json"
    ))[0];
    let second = &says(include_str!(
        "../../../../../events/wix/order_paid_subscription_renewal.json"
    ))[0];
    assert_eq!(first.key, second.key);
    let (first, second) = (first.snapshot().unwrap(), second.snapshot().unwrap());
    assert!(first.version < second.version && second.renewal);
    assert_eq!(first.lines[0].id, second.lines[0].id);
    // The first order changes after the second was made.
    let late = include_str!("../../../../../events/wix/order_paid_subscription_first.json")
        .replace("\"updatedDate\": \"2026-03-02", "\"updatedDate\": \"2026-05-02");
    let late = says(&late)[0].snapshot().unwrap().version;
    assert!(first.version < late && late < second.version);
    // Made at one time, the number decides.
    let same = include_str!("../../../../../events/wix/order_paid_subscription_renewal.json")
        .replace("2026-04-02", "2026-03-02");
    assert!(late < says(&same)[0].snapshot().unwrap().version);
}
