//! Other quantities, other prices, and lists that are cut.

use super::*;

#[test]
fn another_price_in_the_same_line_is_a_notice_once_it_is_paid() {
    let shop = Shop::new();
    for body in case(include_str!("../cases/plan_upgrade_paid.json")) {
        shop.told(&body);
    }
    assert_eq!(shop.has("price_basic"), (1, 1));
    assert_eq!(shop.has("price_premium"), (0, 0));
    assert!(!shop.attention("sub_601").is_empty());

    // Told backwards nothing was bought before: what is paid now is bought at once.
    let shop = Shop::new();
    for body in case(include_str!("../cases/plan_upgrade_paid.json")).iter().rev() {
        shop.told(body);
    }
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (0, 2));
    shop.calm("sub_601");

    // Back again and paid: as it was, and calm.
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    shop.told(&active(PLACED + DAY, vec![item("si_1", "price_premium", 1)]));
    let up = vec![
        proration("si_1", "price_basic", 1, -900, PLACED + DAY),
        proration("si_1", "price_premium", 1, 1900, PLACED + DAY),
    ];
    shop.told(&invoice("in_up", "subscription_update", PLACED + DAY, up));
    assert!(!shop.attention("sub_1").is_empty());
    shop.told(&active(PLACED + 2 * DAY, basic(1)));
    let down = vec![
        proration("si_1", "price_premium", 1, -1800, PLACED + 2 * DAY),
        proration("si_1", "price_basic", 1, 800, PLACED + 2 * DAY),
    ];
    shop.told(&invoice("in_down", "subscription_update", PLACED + 2 * DAY, down));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}

#[test]
fn more_units_are_bought_once_they_are_paid() {
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    shop.told(&active(PLACED + DAY, basic(3)));
    assert_eq!(shop.has("price_basic").0, 1, "not paid yet");
    let charged = vec![
        // A credit and a charge of one change: their quantities are never added up.
        proration("si_1", "price_basic", 1, -967, PLACED + DAY),
        proration("si_1", "price_basic", 3, 2900, PLACED + DAY),
    ];
    shop.told(&invoice("in_2", "subscription_update", PLACED + DAY, charged));
    assert_eq!(shop.has("price_basic").0, 3);
    shop.until(PLACED + 3 * DAY).calm("sub_1");

    // Billed only with the next renewal, as Stripe does by default.
    let shop = Shop::new();
    shop.told(&first("price_basic")).told(&active(PLACED + DAY, basic(2)));
    shop.until(PLACED + 2 * DAY);
    assert_eq!(shop.has("price_basic").0, 1);
    assert!(!shop.attention("sub_1").is_empty(), "an hour unbilled");
    let renewal = vec![
        proration("si_1", "price_basic", 1, -967, PLACED + DAY),
        proration("si_1", "price_basic", 2, 1934, PLACED + DAY),
        line("si_1", "price_basic", 2, 2000),
    ];
    shop.told(&cycle(1, renewal));
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");
}

#[test]
fn unpaid_changes_count_where_the_catalog_says_so() {
    let shop = Shop::with("unpaid_changes = \"now\"");
    shop.told(&first("price_basic")).told(&active(PLACED + DAY, basic(2)));
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");
}

#[test]
fn fewer_units_take_the_highest_back() {
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "active", basic(3)));
    shop.told(&first_of("price_basic", 3));
    assert_eq!(shop.has("price_basic").0, 3);
    shop.told(&active(PLACED + DAY, basic(1)));
    // The first unit is the one on the site.
    assert_eq!(shop.has("price_basic"), (3, 1));
    shop.calm("sub_1");
    // An older invoice told late changes nothing.
    shop.told(&first_of("price_basic", 3));
    assert_eq!(shop.has("price_basic"), (3, 1));

    // An item that is gone.
    let shop = cancelling();
    let both = vec![item("si_1", "price_basic", 1), item("si_2", "price_premium", 1)];
    shop.told(&subscription("created", PLACED, "active", both));
    let lines = vec![
        line("si_1", "price_basic", 1, 1000),
        line("si_2", "price_premium", 1, 2000),
    ];
    shop.told(&invoice("in_1", "subscription_create", PLACED, lines));
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 1));
    shop.told(&active(PLACED + DAY, basic(1)));
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 0));
    shop.calm("sub_1");
}

/// It was kept back and nobody was told where the subscription's own event never came: an endpoint that does not get
/// `customer.subscription.updated` would have sold what is never bought.
#[test]
fn what_only_an_invoice_lists_is_told_after_a_day_and_bought_when_its_state_comes() {
    let both = |basics| {
        let items = vec![item("si_1", "price_basic", basics), item("si_2", "price_premium", 1)];
        active(PLACED + DAY + 1, items)
    };
    for (basics, more) in [(1, vec![line("si_2", "price_premium", 1, 2000)]), (3, vec![])] {
        let shop = Shop::new();
        shop.told(&subscription("created", PLACED, "active", basic(1)));
        shop.told(&first("price_basic"));
        let lines = vec![line("si_1", "price_basic", basics, 1000)].into_iter().chain(more);
        shop.told(&invoice("in_2", "subscription_update", PLACED + DAY, lines.collect()));
        assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 0));
        shop.until(PLACED + 2 * DAY - HOUR).calm("sub_1");
        shop.until(PLACED + 2 * DAY + HOUR).seen("sub_1", "ITEM_NOT_HEARD");
        assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 0));
        // Stripe is asked to send it again.
        shop.told(&both(basics));
        let premium = usize::from(basics == 1);
        let basics = usize::try_from(basics).unwrap();
        assert_eq!(
            (shop.has("price_basic").0, shop.has("price_premium").0),
            (basics, premium)
        );
    }

    // Another price and more of it: the price alone would be a change, and the units are paid for.
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "active", basic(1)));
    shop.told(&first("price_basic"));
    let lines = vec![line("si_1", "price_premium", 3, 6000)];
    shop.told(&invoice("in_2", "subscription_update", PLACED + DAY, lines));
    shop.until(PLACED + 2 * DAY + HOUR).seen("sub_1", "ITEM_NOT_HEARD");
}

/// An invoice is made a second after the state that it bills, and bills also what was added and removed before.
#[test]
fn an_item_that_was_added_and_removed_before_it_was_billed_needs_nobody() {
    let shop = Shop::new();
    shop.told(&subscription("created", PLACED, "active", basic(1)));
    shop.told(&first("price_basic"));
    let both = vec![item("si_1", "price_basic", 1), item("si_2", "price_premium", 1)];
    shop.told(&active(PLACED + DAY, both));
    shop.told(&active(PLACED + 2 * DAY, basic(1)));
    let lines = vec![
        proration("si_2", "price_premium", 1, 1900, PLACED + DAY),
        proration("si_2", "price_premium", 1, -1800, PLACED + 2 * DAY),
    ];
    shop.told(&invoice("in_2", "subscription_update", PLACED + 2 * DAY + 1, lines));
    shop.until(PLACED + 4 * DAY).calm("sub_1");
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 0));
}

#[test]
fn a_list_that_is_cut_takes_nothing_back_and_is_seen() {
    let cut = |mut body: Value, list: &str| {
        body["data"]["object"][list]["has_more"] = true.into();
        body
    };
    // An invoice with more lines than it shows: what it shows is bought.
    let shop = Shop::new();
    shop.told(&cut(first("price_basic"), "lines"));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.seen("sub_1", "INVOICE_NOT_READ");

    // A subscription with more items than it shows: the one that is missing stays.
    let shop = Shop::new();
    let lines = vec![
        line("si_1", "price_basic", 1, 1000),
        line("si_2", "price_premium", 1, 2000),
    ];
    shop.told(&invoice("in_1", "subscription_create", PLACED, lines));
    shop.told(&cut(active(PLACED + DAY, basic(1)), "items"));
    assert_eq!((shop.has("price_basic").0, shop.has("price_premium").0), (1, 1));
    shop.seen("sub_1", "ITEMS_NOT_READ");
}

#[test]
fn a_fraction_of_a_unit_buys_nothing_and_is_seen() {
    // From dahlia on `quantity` is cut, and only the decimal is right.
    let shop = Shop::new();
    let mut fraction = first_of("price_basic", 2);
    fraction["data"]["object"]["lines"]["data"][0]["quantity_decimal"] = "2.5".into();
    shop.told(&fraction);
    assert_eq!(shop.has("price_basic"), (0, 0));
    shop.seen("sub_1", "INVOICE_NOT_READ");

    let shop = Shop::new();
    let mut whole = first_of("price_basic", 2);
    whole["data"]["object"]["lines"]["data"][0]["quantity_decimal"] = "2.0".into();
    shop.told(&whole);
    assert_eq!(shop.has("price_basic").0, 2);
    shop.calm("sub_1");

    // In the subscription: what is there stays.
    let shop = Shop::new();
    shop.told(&first("price_basic"));
    let mut items = basic(1);
    items[0]["quantity_decimal"] = "0.5".into();
    shop.told(&active(PLACED + DAY, items));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.seen("sub_1", "ITEMS_NOT_READ");
}

#[test]
fn a_metered_item_is_no_line() {
    let shop = Shop::new();
    let mut items = basic(1);
    items.push(json!({
        "id": "si_2", "object": "subscription_item", "metadata": {},
        "price": { "id": "price_usage", "object": "price", "recurring": { "usage_type": "metered" } },
    }));
    shop.told(&first("price_basic")).told(&active(PLACED + DAY, items));
    assert_eq!(shop.has("price_basic"), (1, 1));
    shop.calm("sub_1");
}
