//! An order's body as a snapshot.

use std::collections::BTreeSet;

use super::super::amount::Micros;
use super::body::{Address, LineItem, Order, nonzero, product};
use super::payment::{Question, Standing, bare, standing};
use super::{DELIVERY_ID, key};
use crate::order::{Line, LineId, MissingSku, Notice, Paid, Snapshot, Statement, Version};
use crate::storefront::fields::{country, hashed, sku};
use crate::storefront::json::{Lenient, decode};
use crate::storefront::{FieldNames, Hints, ReceiveError, Suborders, Understood, Verified};

/// Metas in which payment plugins say that no money came.
const TEST_MODES: [&str; 4] = [
    "_wcpay_mode",
    "_ppcp_paypal_payment_mode",
    "_mollie_payment_mode",
    "_wc_stripe_mode",
];

/// The meta of a renewal order of WooCommerce Subscriptions: the subscription that it renews.
const RENEWAL: &str = "_subscription_renewal";
/// The same of other plugins (YITH, WP Swings): the meta that says yes, and the one that names the subscription.
const OTHER_RENEWALS: [(&str, &str); 2] = [
    ("is_a_renew", "subscriptions"),
    ("wps_sfw_renewal_order", "wps_sfw_subscription"),
];
/// The meta of a line that pays for what another order sold, on a deposit or a plan of payments (WooCommerce Deposits).
const PAYS_FOR_ORDER: &str = "_original_order_id";
/// The meta of an order that changes a subscription's plan, and of the lines that do.
const SWITCH: &str = "_subscription_switch";
const SWITCHED_LINE: &str = "_switched_subscription_item_id";

pub(super) fn order(verified: &Verified<'_>, body: &str, names: &FieldNames) -> Result<Understood, ReceiveError> {
    let order: Order = decode(body)?;
    if let Some(reason) = ignored(&order, verified.shop().accept_test, names.suborders) {
        return Ok(Understood::Nothing(reason.into()));
    }
    let time = order
        .date_modified_gmt
        .or(order.date_created_gmt)
        .ok_or_else(|| ReceiveError::not_understood("at date_modified_gmt: the order has no date"))?;
    let mut seen = BTreeSet::new();
    if !order.line_items.0.iter().all(|item| seen.insert(&item.id)) {
        return Err(ReceiveError::not_understood("at line_items: two lines have one ID"));
    }
    let status = bare(&order.status);
    let Standing { paid, ended } = standing(Question {
        status,
        method: order.payment_method.as_deref(),
        needs_payment: order.needs_payment.as_deref() == Some("true"),
        has_date_paid: order.date_paid_gmt.is_some(),
        paid_statuses: &names.paid_statuses,
    });
    if ended.is_none() && has_lost_its_lines(&order) {
        return Err(ReceiveError::not_understood(
            "at line_items: the order has a total and no lines: look whether the shop sends it whole, then save it again",
        ));
    }
    let mut fields = names.pick(order.meta_data.pairs());
    fields.country = country([of(&order.billing), of(&order.shipping)]);
    let refunds: BTreeSet<String> = order.refunds.0.iter().map(|refund| refund.id.0.clone()).collect();
    let created_at = order.date_created_gmt.unwrap_or(time);
    // The shop contradicts itself, and so it does where it lists nothing that could be paid.
    let unclear = is_deposit_only(&order) || order.line_items.0.is_empty();
    let paid = if paid == Paid::Full && unclear {
        Paid::Unclear
    } else {
        paid
    };
    let switched = order.meta_data.get(SWITCH).is_some_and(|id| id != "0");
    let mut snapshot = Snapshot {
        number: number(&order),
        lines: lines(&order.line_items.0, switched, names),
        paid,
        ended,
        refunded_all: is_refunded_whole(&order),
        renews: renews(&order),
        fields,
        ..Snapshot::new(Version::at(time), String::new(), created_at)
    };
    // With all of it given back it does not matter of what each refund was.
    if ended.is_none() && !snapshot.refunded_all {
        snapshot.unmapped_refunds.clone_from(&refunds);
    }
    if ended.is_none() && paid == Paid::Full {
        snapshot.notices.extend(notices(&order, switched));
    }
    let begun = matches!(status, "pending" | "checkout-draft" | "auto-draft" | "draft");
    Ok(Understood::order(
        key(verified, &order.id.0)?,
        verified.delivery().log_id(&DELIVERY_ID),
        // Plugins save an order several times in a second, and change what means nothing here.
        Statement::Snapshot(hashed(snapshot)),
        Hints {
            topic_says_paid: false,
            reduced: false,
            never_paid: begun && order.date_paid_gmt.is_none() && refunds.is_empty(),
        },
    ))
}

/// The subscription that the order renews, by the metas of the plugins for subscriptions. Nothing else says so:
/// `created_via` is `subscription` for first orders and resubscriptions too.
fn renews(order: &Order) -> Option<String> {
    const UNNAMED: &str = "a subscription";
    let metas = &order.meta_data;
    let cut = |id: &str| id.chars().take(40).collect();
    // WooCommerce Subscriptions: any value names one, and no subscription has the number 0.
    if let Some(id) = metas.get(RENEWAL).filter(|id| !matches!(*id, "0" | "false")) {
        return Some(cut(id));
    }
    OTHER_RENEWALS.iter().find_map(|(flag, subscription)| {
        let yes = metas
            .get(flag)
            .is_some_and(|value| matches!(value, "yes" | "1" | "true"));
        yes.then(|| cut(metas.get(subscription).unwrap_or(UNNAMED)))
    })
}

/// Whether a deposit was paid and the rest was not, as plugins for deposits write it: the status alone may say that the
/// order can be packed.
fn is_deposit_only(order: &Order) -> bool {
    let is = |name: String, words: &[&str]| order.meta_data.get(&name).is_some_and(|value| words.contains(&value));
    ["_wc_deposits", "_awcdp_deposits"].iter().any(|plugin| {
        is(format!("{plugin}_order_has_deposit"), &["yes", "1"])
            && is(format!("{plugin}_second_payment_paid"), &["no", "0"])
    })
}

/// Why an order is none of ours.
fn ignored(order: &Order, accept_test: bool, suborders: Suborders) -> Option<&'static str> {
    let tests = |mode: &str| ["test", "sandbox"].iter().any(|test| mode.eq_ignore_ascii_case(test));
    if !accept_test
        && TEST_MODES
            .iter()
            .any(|name| order.meta_data.get(name).is_some_and(tests))
    {
        return Some("a test order");
    }
    match (suborders, nonzero(&order.parent_id)) {
        (Suborders::Ignore, Some(_)) => Some("a part of another order, which brings the same lines (`suborders`)"),
        (Suborders::Only, None) => Some("no part of another order, and only those count (`suborders`)"),
        (Suborders::Ignore, None) | (Suborders::Only, Some(_)) => None,
    }
}

/// A total that fees and shipping do not explain, and no lines.
fn has_lost_its_lines(order: &Order) -> bool {
    if !order.line_items.0.is_empty() {
        return false;
    }
    let Some(total) = Micros::of(&order.total) else {
        return true;
    };
    let fees = order.fee_lines.0.iter().filter_map(|fee| Some(&fee.0.as_ref()?.total));
    let others = fees.chain([&order.total_tax, &order.shipping_total]);
    let explained: i64 = others
        .filter_map(Micros::of)
        .fold(0, |sum, amount| sum.saturating_add(amount.0));
    total.0 > explained
}

/// Refunds that come to the whole total. A refund of which the amount cannot be read does not count.
fn is_refunded_whole(order: &Order) -> bool {
    let refunds = order.refunds.0.iter().map(|refund| &refund.total);
    match (Micros::of(&order.total), Micros::sum(refunds)) {
        (Some(total), Some(refunded)) => total.0 > 0 && refunded.0.saturating_abs() >= total.0,
        _ => false,
    }
}

fn of(address: &Lenient<Address>) -> Option<&str> {
    address.0.as_ref().and_then(|address| address.country.as_deref())
}

/// What people call the order, where that is not its ID.
fn number(order: &Order) -> Option<String> {
    let number = order.number.as_deref().filter(|number| *number != order.id.0)?;
    let number = number.trim_start_matches('#');
    let plain = number.chars().filter(|c| !c.is_control());
    Some(
        std::iter::once('#')
            .chain(plain)
            .take(Snapshot::MAX_NUMBER_CHARS)
            .collect(),
    )
}

fn lines(items: &[LineItem], switched: bool, names: &FieldNames) -> Vec<Line> {
    // A plan that changes is changed by a person: bought again, it would be paid for twice.
    let marked = items.iter().any(|item| item.meta_data.get(SWITCHED_LINE).is_some());
    let changes = |item: &LineItem| switched && (!marked || item.meta_data.get(SWITCHED_LINE).is_some());
    let pays_for_another = |item: &LineItem| item.meta_data.get(PAYS_FOR_ORDER).is_some_and(|id| id != "0");
    let line = |item: &LineItem| {
        let fields = names.pick(item.meta_data.pairs());
        let sku = sku(&item.sku);
        let sells = !changes(item) && !pays_for_another(item);
        let units = if sells { item.quantity.units } else { 0 };
        Line {
            part_of: whole_of(item, items),
            product: product(&item.variation_id, &item.product_id),
            missing_sku: match (&sku, nonzero(&item.product_id)) {
                (Some(_), _) => None,
                (None, Some(_)) => Some(MissingSku::VariantWithoutSku),
                (None, None) => Some(MissingSku::ProductDeleted),
            },
            ..Line::new(item.id.0.clone(), sku, units, fields)
        }
    };
    items.iter().map(line).collect()
}

/// The line that a part of a bundle or composite belongs to: by its ID, by the key that the plugin gave the whole in the
/// cart, or by the product of the whole.
fn whole_of(item: &LineItem, items: &[LineItem]) -> Option<LineId> {
    const BY_PRODUCT: [&str; 3] = ["_woosb_parent_id", "_wooco_parent_id", "_chained_product_of"];
    const BY_CART: [(&str, &str); 3] = [
        ("_bundled_by", "_bundle_cart_key"),
        ("_composite_parent", "_composite_cart_key"),
        ("_mnm_container", "_mnm_cart_key"),
    ];
    let by_id = |id: &str| items.iter().find(|whole| whole.id.0 == id && whole.id != item.id);
    let named = [&item.bundled_by, &item.composite_parent, &item.mnm_child_of];
    if let Some(whole) = named.into_iter().filter_map(nonzero).find_map(by_id) {
        return Some(whole.id.0.clone());
    }
    let by_product = BY_PRODUCT.iter().find_map(|part| {
        let id = item.meta_data.get(part)?;
        let is_whole = |other: &&LineItem| {
            let ids = [&other.variation_id, &other.product_id];
            ids.into_iter().any(|of| nonzero(of) == Some(id)) && other.id != item.id
        };
        items.iter().find(is_whole)
    });
    if let Some(whole) = by_product {
        return Some(whole.id.0.clone());
    }
    let by_cart = BY_CART.iter().find_map(|(part, whole)| {
        let key = item.meta_data.get(part)?;
        let found = items
            .iter()
            .find(|other| other.meta_data.get(whole) == Some(key) && other.id != item.id);
        found.or_else(|| by_id(key))
    });
    by_cart
        .or_else(|| bundle_before(item, items))
        .map(|whole| whole.id.0.clone())
}

/// The whole of a part that says that it is one and not of what: Product Bundles writes a bundle and then its parts.
fn bundle_before<'a>(item: &LineItem, items: &'a [LineItem]) -> Option<&'a LineItem> {
    let is_part = |line: &LineItem| {
        nonzero(&line.bundled_item_id).is_some() || line.meta_data.get("_bundled_item_id").is_some_and(|id| id != "0")
    };
    let names_a_whole = nonzero(&item.bundled_by).is_some() || item.meta_data.get("_bundled_by").is_some();
    if !is_part(item) || names_a_whole {
        return None;
    }
    let before = items.iter().take_while(|other| other.id != item.id);
    before.filter(|other| !is_part(other)).last()
}

/// What a person must see of a paid order.
fn notices(order: &Order, switched: bool) -> Vec<Notice> {
    let mut notices = Vec::new();
    let short = |id: &str| -> String { id.chars().filter(char::is_ascii_alphanumeric).take(20).collect() };
    if switched {
        let subscription = order.meta_data.get(SWITCH).map(short).unwrap_or_default();
        notices.push(Notice::new(
            "switch",
            "PLAN_CHANGED",
            &format!(
                "Order {} changes the plan of subscription {subscription}, which is not done automatically: change the package of the order that began it at Wix by hand.",
                short(&order.id.0)
            ),
        ));
    }
    for item in order.line_items.0.iter().filter(|item| item.quantity.fraction) {
        let id = short(&item.id.0);
        notices.push(Notice::new(
            &format!("fraction:{id}"),
            "QUANTITY_UNCLEAR",
            &format!("The quantity of line {id} has a fraction; its whole part is bought: see what is meant."),
        ));
    }
    notices
}
