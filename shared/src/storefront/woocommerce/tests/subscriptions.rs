//! Renewals, switches and what a subscription says.

use super::*;

#[test]
fn a_renewal_names_its_subscription_and_created_via_says_nothing() {
    let with = |metas: serde_json::Value| {
        let edits = [("/meta_data", metas), ("/created_via", json!("subscription"))];
        snapshot(deliver(KIND, &edited(PROCESSING, &edits), "order.updated")).renews
    };
    let meta = |key: &str, value: serde_json::Value| json!([{"id": 1, "key": key, "value": value}]);
    assert_eq!(
        with(meta("_subscription_renewal", json!("1801"))).as_deref(),
        Some("1801")
    );
    assert_eq!(
        with(meta("_subscription_renewal", json!(1801))).as_deref(),
        Some("1801")
    );
    assert_eq!(
        with(json!({"3": {"key": "_subscription_renewal", "value": 1801}})).as_deref(),
        Some("1801")
    );
    assert_eq!(
        with(meta("_subscription_resubscribe", json!("1801"))),
        None,
        "a new subscription's first payment"
    );
    assert_eq!(with(json!([])), None);
}

#[test]
fn a_switched_plan_is_not_bought_and_is_a_notice_once_it_is_paid() {
    let switch = json!([{"id": 1, "key": "_subscription_switch", "value": "1801"}]);
    let order = snapshot(deliver(KIND, &changed("/meta_data", switch.clone()), "order.updated"));
    assert!(order.lines.iter().all(|line| line.units == 0));
    assert_eq!(order.notices[0].code, "PLAN_CHANGED");
    let waiting = edited(
        PROCESSING,
        &[("/meta_data", switch.clone()), ("/status", json!("on-hold"))],
    );
    assert!(snapshot(deliver(KIND, &waiting, "order.updated")).notices.is_empty());
    // Where lines say which of them change a plan, the others are bought.
    let marked = edited(
        PROCESSING,
        &[
            ("/meta_data", switch),
            (
                "/line_items/0/meta_data",
                json!([{"key": "_switched_subscription_item_id", "value": 7}]),
            ),
        ],
    );
    let sold = snapshot(deliver(KIND, &marked, "order.updated")).lines;
    assert_eq!(sold.iter().filter(|line| line.units > 0).count(), 1);
}

#[test]
fn a_subscription_that_is_over_ends_its_skus_of_its_first_order() {
    for (status, ended) in [
        ("cancelled", Some(Ended::PLAIN)),
        ("trash", Some(Ended::PLAIN)),
        ("expired", Some(Ended::TERMINAL)),
        ("active", None),
        ("on-hold", None),
        ("pending-cancel", None),
    ] {
        let told = subscription(&[("/status", json!(status))]);
        assert_eq!(told.len(), 2, "{status}");
        let (key, Statement::End(end)) = &told[0] else {
            panic!("{told:?}")
        };
        assert_eq!((key.as_str(), end.ended), ("woocommerce/1727", ended), "{status}");
        assert_eq!(
            end.of,
            Covers::Items(
                std::iter::once(Item {
                    product: Some("93".to_owned()),
                    sku: Some("PREMIUM-1Y".parse().unwrap()),
                    units: 2,
                })
                .collect()
            )
        );
        let belongs = Statement::BelongsTo("woocommerce/1727".parse().unwrap());
        assert_eq!(told[1], ("woocommerce/subscription-1728".to_owned(), belongs));
    }
}

#[test]
fn a_subscription_without_lines_means_all_of_its_first_order() {
    for lines in [json!([]), json!(null)] {
        let told = subscription(&[("/line_items", lines)]);
        assert!(
            matches!(&told[0].1, Statement::End(end) if end.of == Covers::All),
            "{told:?}"
        );
    }
    // What it lists was deleted: which line that was is not known.
    let told = subscription(&[("/line_items", json!([{"sku": "", "product_id": 0}]))]);
    assert!(
        matches!(&told[0].1, Statement::End(end) if matches!(end.of, Covers::Items(_))),
        "{told:?}"
    );
}

#[test]
fn a_subscription_whose_order_or_shop_is_not_known_needs_a_person() {
    let told = subscription(&[("/parent_id", json!(0))]);
    assert_eq!(told[0].0, "woocommerce/subscription-1728");
    assert!(matches!(&told[0].1, Statement::Notice(_)), "{told:?}");
    let told = subscription(&[("/status", json!("switched"))]);
    assert!(
        matches!(&told[0].1, Statement::Notice(notice) if notice.id == "subscription:1728:switched"),
        "{told:?}"
    );
    // Neither the body nor a header names the shop.
    let body = edited(SUBSCRIPTION, &[("/_links", json!([])), ("/payment_url", json!(""))]);
    let mut headers = signed(KIND, &body, "subscription.updated");
    headers.remove("x-wc-webhook-source");
    let (event, _) = event(received(KIND, &headers, &body, &shops(KIND)));
    assert!(matches!(event.says, Statement::Notice(_)));
    let told = statements(br#"{"id": 1728}"#, "subscription.deleted");
    assert!(matches!(&told[0].1, Statement::Notice(_)), "{told:?}");
    let copy = with(SUBSCRIPTION, "sample.example.com", "staging.example.com");
    parked(deliver(KIND, &copy, "subscription.updated"));
}
