//! Lines, custom data and addresses.

use super::*;

#[test]
fn no_name_address_or_e_mail_is_in_an_event() {
    for body in [PROCESSING, PARTIAL] {
        let json = event(deliver(KIND, body.as_bytes(), "order.updated")).0.to_json();
        for personal in ["Sample", "Buyer", "example.com", "Example Street", "Springfield"] {
            assert!(!json.contains(personal), "{personal} in {json}");
        }
    }
}

#[test]
fn a_partial_refund_names_no_lines_and_is_shown_once() {
    let (event, trigger) = event(deliver(KIND, PARTIAL.as_bytes(), "order.updated"));
    assert_eq!(trigger, OrderQueue::OrderCanceled);
    let order = event.snapshot().unwrap();
    assert!(order.paid == Paid::Full && order.ended.is_none());
    assert_eq!(units(order), [2, 1]);
    assert!(order.refunds.is_empty(), "the lines have counted none");
    let unmapped: Vec<&str> = order.unmapped_refunds.iter().map(String::as_str).collect();
    assert_eq!(unmapped, ["1730"], "the merge tells a person of it, once");
}

#[test]
fn addresses_may_be_empty_lists_and_the_country_blank() {
    let body = with(PROCESSING, "\"shipping\": {", "\"shipping\": [], \"old_shipping\": {");
    assert_eq!(
        snapshot(deliver(KIND, &body, "order.updated"))
            .fields
            .country
            .as_deref(),
        Some("US")
    );
    let body = with(PROCESSING, "\"country\": \"US\"", "\"country\": \"\"");
    assert_eq!(snapshot(deliver(KIND, &body, "order.updated")).fields.country, None);
}

#[test]
fn an_order_that_lost_its_lines_is_parked() {
    let lost = changed("/line_items", json!([]));
    let reason = parked(deliver(KIND, &lost, "order.updated"));
    assert!(
        reason.starts_with("at line_items: the order has a total and no lines"),
        "{reason}"
    );
    parked(deliver(KIND, &changed("/line_items", json!(null)), "order.updated"));
    parked(deliver(
        KIND,
        &edited(PROCESSING, &[("/line_items", json!({})), ("/total", json!(null))]),
        "order.updated",
    ));
    // A fee alone explains its total, and nothing is lost of an order that is free.
    let total = json!("10.00");
    let fee = edited(
        PROCESSING,
        &[
            ("/line_items", json!([])),
            ("/total", total.clone()),
            ("/total_tax", json!("0")),
            ("/shipping_total", json!("0")),
            ("/fee_lines", json!([{"id": 7, "total": total}])),
        ],
    );
    assert!(snapshot(deliver(KIND, &fee, "order.updated")).lines.is_empty());
    let free = edited(PROCESSING, &[("/line_items", json!([])), ("/total", json!("0.00"))]);
    assert!(snapshot(deliver(KIND, &free, "order.updated")).lines.is_empty());
    // A cancellation is one, with lines or without.
    let canceled = edited(CANCELLED, &[("/line_items", json!([]))]);
    assert!(snapshot(deliver(KIND, &canceled, "order.updated")).ended.is_some());
}

#[test]
fn parts_of_bundles_and_composites_name_their_whole() {
    let item = |id: u32, more: serde_json::Value| {
        let mut item = json!({"id": id, "sku": format!("S{id}"), "product_id": 9, "quantity": 1, "meta_data": []});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let meta = |key: &str, value: &str| json!({"meta_data": [{"key": key, "value": value}]});
    let parts = |items: Vec<serde_json::Value>| -> Vec<Option<String>> {
        let order = snapshot(deliver(KIND, &changed("/line_items", json!(items)), "order.updated"));
        order.lines.into_iter().map(|line| line.part_of).collect()
    };
    let of_first = [None, Some("1".to_owned())];
    assert_eq!(
        parts(vec![
            item(1, json!({"bundled_by": ""})),
            item(2, json!({"bundled_by": 1}))
        ]),
        of_first
    );
    assert_eq!(
        parts(vec![item(1, json!({})), item(2, json!({"bundled_by": "1"}))]),
        of_first
    );
    assert_eq!(
        parts(vec![item(1, json!({})), item(2, json!({"composite_parent": 1}))]),
        of_first
    );
    assert_eq!(
        parts(vec![
            item(1, meta("_bundle_cart_key", "ab")),
            item(2, meta("_bundled_by", "ab"))
        ]),
        of_first
    );
    assert_eq!(
        parts(vec![
            item(1, meta("_composite_cart_key", "cd")),
            item(2, meta("_composite_parent", "cd"))
        ]),
        of_first
    );
    assert_eq!(
        parts(vec![item(1, json!({})), item(2, json!({"bundled_by": 7}))]),
        [None, None]
    );
}

#[test]
fn a_line_whose_product_was_deleted_says_so() {
    let why = |sku: serde_json::Value, product: serde_json::Value| {
        let edits = [("/line_items/0/sku", sku), ("/line_items/0/product_id", product)];
        snapshot(deliver(KIND, &edited(PROCESSING, &edits), "order.updated")).lines[0].missing_sku
    };
    assert_eq!(why(json!(null), json!(0)), Some(MissingSku::ProductDeleted));
    assert_eq!(why(json!(""), json!(93)), Some(MissingSku::VariantWithoutSku));
    assert_eq!(why(json!("A"), json!(0)), None, "a product in the trash keeps its SKU");
}

#[test]
fn fractions_of_a_unit_are_a_notice_and_their_whole_part_counts() {
    let order = |quantity: serde_json::Value| {
        snapshot(deliver(
            KIND,
            &changed("/line_items/0/quantity", quantity),
            "order.updated",
        ))
    };
    for (quantity, units, notices) in [
        (json!(2.5), 2, 1),
        (json!("0.75"), 0, 1),
        (json!(3.0), 3, 0),
        (json!("2"), 2, 0),
    ] {
        let order = order(quantity.clone());
        assert_eq!(
            (order.lines[0].units, order.notices.len()),
            (units, notices),
            "{quantity}"
        );
    }
    for wrong in [json!(-1), json!("x"), json!(null), json!(1e300)] {
        parked(deliver(
            KIND,
            &changed("/line_items/0/quantity", wrong),
            "order.updated",
        ));
    }
}

#[test]
fn custom_data_may_be_an_object_and_its_values_any_json() {
    let site = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
    for metas in [
        json!({"0": {"key": "wix_site_id", "value": site}, "2": {"key": "colour", "value": "green"}}),
        json!([{"key": "many", "value": [1, {"a": []}]}, 7, null, "x", {"key": "wix_site_id", "value": site}]),
        json!([{"key": {"a": 1}, "value": site}, {"key": "wix_site_id", "value": site}]),
    ] {
        let body = changed("/line_items/0/meta_data", metas.clone());
        let order = snapshot(deliver(KIND, &body, "order.updated"));
        assert_eq!(order.lines[0].fields.site.as_deref(), Some(site), "{metas}");
    }
    for none in [json!(null), json!(""), json!({})] {
        assert_eq!(
            snapshot(deliver(KIND, &changed("/meta_data", none), "order.updated")).paid,
            Paid::Full
        );
    }
}

#[test]
fn a_number_of_its_own_is_what_people_call_the_order() {
    let number =
        |number: serde_json::Value| snapshot(deliver(KIND, &changed("/number", number), "order.updated")).number;
    assert_eq!(number(json!("1727")), None);
    assert_eq!(number(json!("2026-0042")).as_deref(), Some("#2026-0042"));
    assert_eq!(number(json!("#77")).as_deref(), Some("#77"));
    assert_eq!(number(json!("9".repeat(100))).unwrap().len(), 40);
}

#[test]
fn parts_that_a_marketplace_makes_of_an_order_do_not_count_twice() {
    let part = changed("/parent_id", json!(1700));
    nothing(deliver(KIND, &part, "order.updated"));
    let names = FieldNames {
        suborders: Suborders::Only,
        ..FieldNames::default()
    };
    for (body, taken) in [(part.as_slice(), true), (PROCESSING.as_bytes(), false)] {
        let headers = signed(KIND, body, "order.updated");
        let delivery = Delivery {
            headers: &headers,
            body,
            received_at: NOW,
        };
        let outcome = receive(KIND, &delivery, &shops(KIND), &names).unwrap();
        assert_eq!(matches!(outcome, Outcome::Events(_)), taken);
    }
}
