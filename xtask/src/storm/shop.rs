//! The shops of a storm, and their book: which orders there are, what is told of each, and what must be at Wix for it
//! in the end. It knows the catalog's two SKUs and nothing of the code under test.

use reseller_hooks::order::StorefrontKind;

use crate::demo::deliver::WIX_INSTANCE;

/// What an order is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sku {
    /// A plan, with a voucher for each; a cancellation takes it off its site.
    Plan,
    /// No voucher; a cancellation or refund ends it.
    Mailbox,
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Paid,
    /// It is told before it is paid, too.
    PlacedAndPaid,
    PaidAndCanceled,
    /// One unit less.
    PaidAndRefunded,
    PaidAndReferenced,
}

/// One order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) storefront: StorefrontKind,
    pub(crate) sku: Sku,
    pub(crate) units: u64,
    pub(crate) on_site: bool,
    pub(crate) life: Life,
}

/// One thing that is told of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Placed,
    Paid,
    Canceled,
    Refunded,
    Referenced,
}

/// What must be at Wix for an order, as (least, most) where it depends on what was heard first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) packages: (u64, u64),
    pub(crate) vouchers: (u64, u64),
    /// Instances that are neither canceled nor failed, vouchers not counted.
    pub(crate) alive: (u64, u64),
    pub(crate) on_site: u64,
    /// The most calls that it takes, where each is answered.
    pub(crate) calls: u64,
}

impl Order {
    /// The order with a number: of twenty, seven in ten are just paid.
    pub(crate) fn new(number: u64) -> Self {
        let kind = number % 20;
        // Each storefront has all of the twenty.
        let storefront = match number / 20 % 5 {
            0 => StorefrontKind::Shopify,
            1 => StorefrontKind::Woocommerce,
            2 => StorefrontKind::Wix,
            3 => StorefrontKind::Stripe,
            _ => StorefrontKind::Standard,
        };
        let is_stripe = storefront == StorefrontKind::Stripe;
        let life = match kind {
            14 | 15 => Life::PaidAndCanceled,
            // WooCommerce's refunds are told in another way; one of Stripe's that is not whole names no units, and its
            // sessions do not change.
            16 | 17 if storefront != StorefrontKind::Woocommerce && !is_stripe => Life::PaidAndRefunded,
            18 | 19 if !is_stripe => Life::PaidAndReferenced,
            2 | 5 | 8 => Life::PlacedAndPaid,
            _ => Life::Paid,
        };
        let sku = match (life, kind % 3) {
            // Only of these can be told afterwards that exactly one unit is gone.
            (Life::PaidAndRefunded, _) | (_, 0) => Sku::Mailbox,
            _ => Sku::Plan,
        };
        Self {
            number,
            storefront,
            sku,
            units: if life == Life::PaidAndRefunded {
                3
            } else {
                1 + number % 2
            },
            on_site: sku == Sku::Plan && number % 4 < 3,
            life,
        }
    }

    /// Everything that is told of it, in the order in which it happened.
    pub(crate) fn told(&self) -> Vec<Told> {
        match self.life {
            Life::Paid => vec![Told::Paid],
            Life::PlacedAndPaid => vec![Told::Placed, Told::Paid],
            Life::PaidAndCanceled => vec![Told::Paid, Told::Canceled],
            Life::PaidAndRefunded => vec![Told::Paid, Told::Refunded],
            Life::PaidAndReferenced => vec![Told::Paid, Told::Referenced],
        }
    }

    pub(crate) fn owed(&self) -> Owed {
        let vouchers = u64::from(self.sku == Sku::Plan);
        let on_site = u64::from(self.on_site);
        let live = Owed {
            packages: (1, 1),
            vouchers: (vouchers, vouchers),
            alive: (self.units, self.units),
            on_site,
            calls: 1 + vouchers,
        };
        match self.life {
            Life::Paid | Life::PlacedAndPaid => live,
            Life::PaidAndReferenced => Owed {
                calls: 2 * live.calls,
                ..live
            },
            Life::PaidAndRefunded => Owed {
                alive: (self.units - 1, self.units - 1),
                calls: live.calls + 1,
                ..live
            },
            // Where the cancellation was heard first, nothing is bought.
            Life::PaidAndCanceled => Owed {
                packages: (0, 1),
                vouchers: (0, vouchers),
                alive: (0, if self.sku == Sku::Plan { self.units } else { 0 }),
                on_site: 0,
                calls: live.calls + if self.sku == Sku::Plan { 2 * on_site } else { self.units },
            },
        }
    }

    /// As the ledger names it.
    pub(crate) fn key(&self) -> String {
        let storefront = self.storefront.as_str();
        match self.storefront {
            // With the site that sends.
            StorefrontKind::Wix => format!("{storefront}/{WIX_INSTANCE}/{}", self.id()),
            StorefrontKind::Shopify
            | StorefrontKind::Woocommerce
            | StorefrontKind::Stripe
            | StorefrontKind::Standard => format!("{storefront}/{}", self.id()),
        }
    }

    /// As its storefront names it; Stripe by the payment.
    pub(crate) fn id(&self) -> String {
        match self.storefront {
            StorefrontKind::Wix => format!("0de40000-0000-4000-8000-{:012x}", self.number),
            StorefrontKind::Stripe => format!("pi_{}", self.number),
            StorefrontKind::Shopify | StorefrontKind::Woocommerce | StorefrontKind::Standard => self.number.to_string(),
        }
    }

    /// Each order is for an account of its own, by which its packages are found at Wix whatever the ledger says.
    pub(crate) fn account(&self) -> String {
        format!("acc00000-0000-4000-8000-{:012x}", self.number)
    }

    pub(crate) fn site(&self) -> String {
        format!("517e0000-0000-4000-8000-{:012x}", self.number)
    }

    pub(crate) fn reference(&self) -> String {
        format!("PO-{}", self.number)
    }
}

/// Orders until so many things are told of them, and each of these twice: the second time soon after, at the same
/// time, or much later, and also before what happened before it.
pub(crate) fn season(deliveries: usize) -> (Vec<Order>, Vec<(Order, Told)>) {
    let mut orders = Vec::new();
    let mut told: Vec<(Order, Told)> = Vec::new();
    for number in 7_000_000_001.. {
        if told.len() >= deliveries / 2 {
            break;
        }
        let order = Order::new(number);
        told.extend(order.told().into_iter().map(|what| (order, what)));
        orders.push(order);
    }
    let mut chance = 1_u64;
    let mut draw = |below: u64| {
        // Knuth's constants; only the order of deliveries hangs on it.
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut all: Vec<(u64, (Order, Told))> = Vec::new();
    for (at, what) in (0..).zip(told) {
        // A place in the row: about where it belongs, and the repetition up to some hundred places later.
        all.push((at * 10 + draw(40), what));
        let later = match draw(3) {
            0 => 0,
            1 => 20,
            _ => 2_000,
        };
        all.push((at * 10 + later + draw(60), what));
    }
    all.sort_by_key(|(place, _)| *place);
    (orders, all.into_iter().map(|(_, what)| what).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn everything_is_told_twice_and_every_storefront_has_all_kinds() {
        let (orders, all) = season(2_000);
        let mut times: BTreeMap<(u64, String), usize> = BTreeMap::new();
        for (order, what) in &all {
            *times.entry((order.number, format!("{what:?}"))).or_default() += 1;
        }
        assert!(times.values().all(|times| *times == 2));
        assert!((2_000..2_010).contains(&all.len()));
        for storefront in StorefrontKind::ALL {
            let of = |life| {
                orders
                    .iter()
                    .any(|order| order.storefront == storefront && order.life == life)
            };
            assert!(of(Life::Paid) && of(Life::PlacedAndPaid) && of(Life::PaidAndCanceled));
            assert_eq!(of(Life::PaidAndReferenced), storefront != StorefrontKind::Stripe);
        }
        assert!(orders.iter().any(|order| order.life == Life::PaidAndRefunded));
    }

    #[test]
    fn a_plan_on_a_site_that_is_canceled_is_taken_off_it_with_its_voucher() {
        let order = Order {
            number: 1,
            storefront: StorefrontKind::Shopify,
            sku: Sku::Plan,
            units: 2,
            on_site: true,
            life: Life::PaidAndCanceled,
        };
        let owed = Owed {
            packages: (0, 1),
            vouchers: (0, 1),
            alive: (0, 2),
            on_site: 0,
            calls: 4,
        };
        assert_eq!(order.owed(), owed);
    }
}
