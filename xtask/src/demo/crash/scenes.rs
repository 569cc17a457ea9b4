//! What a worker is killed over, and what the order must come to: a purchase, a cancellation, a tag, a move to another site, and a
//! line that becomes another plan.

use super::super::orders::{Count, Order};
use super::super::sandbox::{Instance, Package};
use super::super::sells::Sells;

/// The site that the sample names, and the one that a customer moves to.
const SITE: &str = "918aa943-ab4f-40bc-88c3-8dfd02fae7cd";
const OTHER_SITE: &str = "b1d6e2a7-5c39-4f08-9a61-7e3f0c52d984";

/// What the storefront calls the order, in the sample that says so.
const REFERENCE: &str = "PO-2026-117";

/// A later state of the paid order.
const LATER: (&str, &str) = ("2026-03-02T09:14:09-05:00", "2026-03-03T09:14:09-05:00");

/// The plan by the month with the voucher that it has by the year.
const BY_THE_MONTH: &str = r#"
[[product]]
sku = "PREMIUM-BY-MONTH"
catalog_product_id = "00ba7923-2655-402a-852d-2b2100568bcf"
billing = { type = "RECURRING", unit = "MONTH", count = 1 }

[product.voucher]
catalog_product_id = "040639ae-277e-4a73-a4d2-1b6801b92f45"
billing = { type = "RECURRING", unit = "YEAR", count = 1 }
"#;

/// What an ordinary order comes to; three plans, one of them on the site.
const WANTED: Count = Count {
    packages: 1,
    instances: 3,
    on_site: 1,
    voucher_packages: 1,
    voucher_instances: 3,
};

/// What a worker is killed over.
#[derive(Clone, Copy)]
pub(super) struct Scene {
    pub(super) title: &'static str,
    /// The worker, and its queue.
    pub(super) worker: &'static str,
    /// What is delivered, and whether the order was paid before: file and topic.
    pub(super) delivered: (&'static str, &'static str),
    /// What is told otherwise than in the file.
    pub(super) edits: &'static [(&'static str, &'static str)],
    pub(super) paid_before: bool,
    /// How many calls the worker makes for it where nothing goes wrong.
    pub(super) calls: u64,
    /// What the catalog has beside the repository's.
    pub(super) sells: Sells,
    pub(super) wanted: Wanted,
}

/// How the order's packages must be at Wix in the end.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    count: Count,
    /// Where everything is that is on a site.
    site: &'static str,
    /// The unit of the plans' billing cycle.
    cycle: &'static str,
    /// The external ID of the base package; that of the voucher package ends with `-v1`. Where it is none of the storefront's, both are derived from the
    /// order.
    tag: Option<&'static str>,
}

const AS_PAID: Wanted = Wanted {
    count: WANTED,
    site: SITE,
    cycle: "YEAR",
    tag: None,
};

const NOTHING_MORE: Sells = Sells {
    defaults: "",
    products: "",
};

pub(super) const PAID: Scene = Scene {
    title: "paid",
    worker: "order-paid",
    delivered: ("orders_paid.json", "orders/paid"),
    edits: &[],
    paid_before: false,
    calls: 4,
    sells: NOTHING_MORE,
    wanted: AS_PAID,
};

pub(super) const SCENES: [Scene; 5] = [
    PAID,
    Scene {
        title: "canceled",
        worker: "order-canceled",
        delivered: ("orders_cancelled.json", "orders/cancelled"),
        paid_before: true,
        calls: 2,
        wanted: Wanted {
            count: Count { on_site: 0, ..WANTED },
            ..AS_PAID
        },
        ..PAID
    },
    Scene {
        title: "tagged",
        worker: "tag-external-id",
        delivered: ("orders_updated_reference.json", "orders/updated"),
        paid_before: true,
        calls: 2,
        wanted: Wanted {
            tag: Some(REFERENCE),
            ..AS_PAID
        },
        ..PAID
    },
    Scene {
        title: "moved",
        delivered: ("orders_paid.json", "orders/updated"),
        edits: &[LATER, (SITE, OTHER_SITE)],
        paid_before: true,
        calls: 2,
        sells: Sells {
            defaults: "on_site_change = \"move\"\n",
            products: "",
        },
        wanted: Wanted {
            site: OTHER_SITE,
            ..AS_PAID
        },
        ..PAID
    },
    Scene {
        title: "adjusted",
        delivered: ("orders_paid.json", "orders/updated"),
        edits: &[LATER, ("PREMIUM-1Y", "PREMIUM-BY-MONTH")],
        paid_before: true,
        calls: 3,
        sells: Sells {
            defaults: "on_plan_change = \"adjust\"\n",
            products: BY_THE_MONTH,
        },
        wanted: Wanted {
            cycle: "MONTH",
            ..AS_PAID
        },
        ..PAID
    },
];

impl Wanted {
    /// What of an order is otherwise.
    pub(super) fn misses(&self, order: &Order) -> Vec<String> {
        let mut missed = Vec::new();
        if order.count() != self.count {
            missed.push(format!("{:?} instead of {:?}", order.count(), self.count));
        }
        let instances = |packages: &[Package]| -> Vec<Instance> {
            packages.iter().flat_map(|package| package.instances.clone()).collect()
        };
        let (plans, vouchers) = (instances(&order.packages), instances(&order.vouchers));
        for instance in plans.iter().chain(&vouchers) {
            if instance.site.as_deref().is_some_and(|site| site != self.site) {
                missed.push(format!("{} is on site {:?}", instance.id, instance.site));
            }
        }
        // A voucher is where its plan is.
        if self.count.on_site == 0 && vouchers.iter().any(Instance::on_site) {
            missed.push("a voucher is on a site without its plan".to_owned());
        }
        for plan in plans.iter().filter(|plan| plan.cycle != self.cycle) {
            missed.push(format!("{} is billed by the {}", plan.id, plan.cycle));
        }
        let ids = [("b1", &order.packages), ("v1", &order.vouchers)];
        for (ending, package) in ids
            .into_iter()
            .flat_map(|(ending, packages)| packages.iter().map(move |p| (ending, p)))
        {
            let wanted = match (self.tag, ending) {
                (Some(tag), "b1") => tag.to_owned(),
                (Some(tag), ending) => format!("{tag}-{ending}"),
                (None, ending) => format!("rh-{}-{ending}", order.key.replace('/', "-")),
            };
            if package.external_id != wanted {
                missed.push(format!("{} has the external ID {:?}", package.id, package.external_id));
            }
        }
        missed
    }
}
