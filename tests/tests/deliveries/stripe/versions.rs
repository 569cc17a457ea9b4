//! API versions from 2018 on: an endpoint keeps the version that its account had, and references may be expanded.

use super::bodies::{changed, charge, first, intent, invoice_payment, item, of_version, paid, session, subscription};
use super::{DAY, MONTH, PLACED, Shop, case};
use reseller_hooks::order::StorefrontKind::Stripe;
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::post::Post;
use serde_json::{Value, json};

/// An invoice as API versions before 2025-03-31 have it, with one line.
fn old(version: &str, more: &Value, line: Value) -> Value {
    let mut body = of_version(first("price_basic"), version);
    let object = body["data"]["object"].as_object_mut().expect("an object");
    object.remove("parent");
    object.insert("subscription".into(), "sub_1".into());
    object["lines"]["data"] = vec![line].into();
    changed(body, more)
}

fn old_line(more: &Value) -> Value {
    let mut line = json!({
        "id": "il_1", "object": "line_item", "amount": 1000, "metadata": {}, "period": { "start": PLACED, "end": PLACED + MONTH },
        "proration": false, "quantity": 1, "subscription": "sub_1", "subscription_item": "si_1", "type": "subscription",
    });
    for (name, value) in more.as_object().expect("an object") {
        line[name] = value.clone();
    }
    line
}

/// Without `created`, as before 2019-03-14.
fn dated(mut body: Value) -> Value {
    let object = body["data"]["object"].as_object_mut().expect("an object");
    let created = object.remove("created").expect("a time");
    object.insert("date".into(), created);
    body
}

#[test]
fn an_endpoint_from_before_2019_03_14_is_understood() {
    let shop = Shop::new();
    for body in case(include_str!("cases/endpoint_before_2019_03_14.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has("plan_basic").0, 1);
    shop.calm("sub_8051");

    // Its line names no item: the subscription that does is the same order, and buys nothing more.
    let mut standing = subscription("updated", PLACED + DAY, "active", vec![item("si_1", "plan_basic", 1)]);
    standing["data"]["object"]["id"] = "sub_8051".into();
    shop.told(&standing);
    assert_eq!(shop.has("plan_basic").0, 1);
    let mut over = subscription(
        "deleted",
        PLACED + MONTH,
        "canceled",
        vec![item("si_1", "plan_basic", 1)],
    );
    over["data"]["object"]["id"] = "sub_8051".into();
    shop.told(&over);
    assert_eq!(shop.has("plan_basic"), (1, 0));
    shop.calm("sub_8051");
}

#[test]
fn the_first_invoice_is_known_by_what_old_versions_call_it() {
    let plan = json!({ "plan": { "id": "price_basic", "object": "plan", "amount": 1000 } });
    let period = json!({ "billing_reason": "subscription_update", "period_start": PLACED, "period_end": PLACED });
    let none =
        json!({ "billing_reason": null, "status": null, "paid": true, "period_start": PLACED, "period_end": PLACED });
    for (version, more, first) in [
        ("2018-07-27", &period, true),
        // Earlier still: neither a reason nor a status.
        ("2018-01-23", &none, true),
        // Here the word means what it says.
        ("2018-10-31", &period, false),
    ] {
        let shop = Shop::new();
        shop.told(&dated(old(version, more, old_line(&plan))));
        assert_eq!(shop.has("price_basic").0, usize::from(first), "{version}");
        assert_eq!(shop.attention("sub_1").is_empty(), first, "{version}");
    }
    // Its renewal, which has no reason either.
    let shop = Shop::new();
    shop.told(&dated(old("2018-01-23", &none, old_line(&plan))));
    let renewal = json!({
        "id": "in_2", "created": PLACED + MONTH, "billing_reason": null, "status": null, "paid": true,
        "period_start": PLACED, "period_end": PLACED + MONTH,
    });
    shop.told(&dated(old("2018-01-23", &renewal, old_line(&plan))));
    assert_eq!(shop.has("price_basic").0, 1);
    shop.calm("sub_1");
}

/// An account of 2018 as Stripe renders its events today: the old names beside the new ones.
#[test]
fn an_old_version_that_is_rendered_today_says_its_time_twice() {
    let both = json!({ "plan": { "id": "price_basic", "object": "plan", "amount": 1000 },
        "price": { "id": "price_basic", "object": "price", "unit_amount": 1000, "recurring": { "usage_type": "licensed" } },
        "id": "sub_1", "unique_id": "il_1", "subscription": null });
    let more = json!({ "billing": "charge_automatically", "billing_reason": "subscription_update", "closed": true,
        "date": PLACED, "forgiven": false, "paid": true, "period_start": PLACED, "period_end": PLACED });
    let shop = Shop::new();
    shop.told(&old("2018-05-21", &more, old_line(&both)));
    assert_eq!(shop.has("price_basic"), (1, 0));
    shop.calm("sub_1");

    let shop = Shop::new();
    let mut timeless = first("price_basic");
    timeless["data"]["object"]
        .as_object_mut()
        .expect("an object")
        .remove("created");
    assert_eq!(shop.answer(&timeless), Disposition::Parked);
}

#[test]
fn one_purchase_told_in_two_shapes_is_bought_once() {
    for line in [
        old_line(&json!({ "price": { "id": "price_basic", "object": "price", "unit_amount": 1000 } })),
        old_line(&json!({ "plan": { "id": "price_basic", "object": "plan", "amount": 1000 } })),
        old_line(&json!({ "price": "price_basic" })),
    ] {
        let shop = Shop::new();
        shop.told(&old("2022-11-15", &json!({}), line))
            .told(&first("price_basic"));
        shop.told(&subscription(
            "created",
            PLACED,
            "active",
            vec![item("si_1", "price_basic", 1)],
        ));
        assert_eq!(shop.has("price_basic"), (1, 1));
        shop.calm("sub_1");
    }
}

#[test]
fn an_old_invoice_joins_its_payment_by_itself() {
    let line = old_line(&json!({ "price": { "id": "price_basic" } }));
    let shop = Shop::new();
    shop.told(&old(
        "2022-11-15",
        &json!({ "payment_intent": "pi_sub", "charge": "ch_1" }),
        line.clone(),
    ));
    let refunded = json!({ "invoice": "in_1" });
    shop.told(&changed(
        charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000),
        &refunded,
    ));
    assert_eq!(shop.has("price_basic").0, 1);
    assert!(!shop.attention("sub_1").is_empty());

    // Before there were intents: by its charge.
    let shop = Shop::new();
    shop.told(&old("2018-07-27", &json!({ "charge": "ch_of_pi_sub" }), line));
    let refunded = json!({ "invoice": "in_1", "payment_intent": null });
    shop.told(&changed(
        charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000),
        &refunded,
    ));
    assert!(!shop.attention("sub_1").is_empty());
}

#[test]
fn references_may_be_expanded_anywhere() {
    // The intent of a session.
    let shop = Shop::new();
    let expanded =
        json!({ "payment_intent": { "id": "pi_1", "object": "payment_intent" }, "invoice": { "id": "in_9" } });
    shop.told(&changed(paid(), &expanded));
    let expanded = json!({ "payment_intent": { "id": "pi_1", "object": "payment_intent" } });
    shop.told(&changed(
        charge("refunded", PLACED + DAY, "pi_1", 8000, 8000),
        &expanded,
    ));
    assert_eq!(shop.has("PREMIUM-1Y"), (1, 0));
    shop.calm("pi_1");

    // Everything of an invoice.
    let shop = Shop::new();
    let mut body = first("price_basic");
    let object = &mut body["data"]["object"];
    object["customer"] = json!({ "id": "cus_1", "object": "customer" });
    object["parent"]["subscription_details"]["subscription"] = json!({ "id": "sub_1", "object": "subscription" });
    let line = &mut object["lines"]["data"][0];
    line["pricing"]["price_details"]["price"] = json!({ "id": "price_basic", "object": "price" });
    line["parent"]["subscription_item_details"]["subscription_item"] =
        json!({ "id": "si_1", "object": "subscription_item" });
    object["payments"] = json!({
        "object": "list", "has_more": false,
        "data": [{ "id": "inpay_1", "payment": { "type": "payment_intent", "payment_intent": { "id": "pi_sub" } } }],
    });
    shop.told(&body);
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
    // Its list of payments joins them as well.
    shop.told(&charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000));
    assert!(!shop.attention("sub_1").is_empty());

    let shop = Shop::new();
    let expanded = json!({ "invoice": { "id": "in_1", "object": "invoice" } });
    let mut paid = changed(invoice_payment("pi_sub", "in_1"), &expanded);
    paid["data"]["object"]["payment"]["payment_intent"] = json!({ "id": "pi_sub", "object": "payment_intent" });
    shop.told(&first("price_basic")).told(&paid);
    shop.told(&charge("refunded", PLACED + DAY, "pi_sub", 8000, 8000));
    assert!(!shop.attention("sub_1").is_empty());
}

#[test]
fn a_subscription_of_plans_is_understood() {
    let mut old = item("si_1", "price_basic", 1);
    let price = old
        .as_object_mut()
        .expect("an object")
        .remove("price")
        .expect("a price");
    old["plan"] = price;
    let shop = Shop::new();
    shop.told(&of_version(
        subscription("created", PLACED, "trialing", vec![old]),
        "2018-07-27",
    ));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn thin_events_and_test_mode_are_nothing() {
    let shop = Shop::new();
    for kind in [
        "v1.billing.meter.error_report_triggered",
        "checkout.session.completed",
        "v2.core.account.updated",
    ] {
        let thin = json!({
            "id": "evt_test_1", "object": "v2.core.event", "type": kind, "created": "2026-03-02T10:00:00.000Z", "livemode": true,
            "related_object": { "id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1" },
        });
        let came = shop.0.deliver(Stripe, "", &thin.to_string());
        assert_eq!(came, Disposition::Nothing, "{kind}");
    }
    for body in [
        first("price_basic"),
        paid(),
        intent("succeeded", PLACED, 8000),
        session("completed", PLACED, "unpaid"),
    ] {
        let mut test = body;
        test["livemode"] = false.into();
        shop.not_meant(&test);
    }
    shop.sound();
}

#[test]
fn a_secret_with_white_space_around_it_is_the_same_secret() {
    // What is copied from the dashboard may bring a blank or a line end along; Stripe's secrets have none.
    for secret in ["whsec_test ", "whsec_test\\n", " whsec_test\\r\\n"] {
        let shop = Shop::new();
        shop.0.put_secret(Some(&format!(
            "{{\"storefronts\": {{\"stripe\": {{\"secrets\": [\"{secret}\"]}}}}}}"
        )));
        shop.at(PLACED + 10);
        let post = Post::signed_with("whsec_test", Stripe, "", &paid().to_string(), shop.0.now());
        assert_eq!(shop.0.post(&post), Disposition::Stored, "{secret:?}");
    }
}
