//! What became of each unit: from the SKU over the package and the instance to the site and the voucher.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::fulfilment::record::{
    Attempt, ComponentPlan, Entitled, HeldPackage, Instance, Item, Kind, NotOurs, OrderRecord, Plan, Purchase,
};
use crate::time::Timestamp;
use crate::wix::Status;

/// Units of a line for which all is alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitGroup {
    /// The storefront's ID of the line.
    pub line: String,
    /// What they were planned from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The first of the units, from 1.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Which product of an SKU that has several, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<u32>,
    /// Wix's product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The shop wants it: it is paid for and not given back.
    pub wanted: bool,
    /// Whether it is wanted is not clear: nothing more is bought, and what was bought is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unclear: bool,
    /// What became of it, in words.
    pub state: String,
    /// What was bought for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought: Option<Purchased>,
    /// The free extra that was bought with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voucher: Option<Purchased>,
    #[serde(skip)]
    standing: Standing,
    /// It is planned, and nothing was sent for it: at the most it is looked up first.
    #[serde(skip)]
    unsent: bool,
}

/// A purchase, as far as it is these units'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Purchased {
    /// Which, such as `b1`.
    pub purchase: String,
    /// What became of it, in words.
    pub state: String,
    /// The package at Wix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Its instances, one for each unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceShown>,
}

/// An instance at Wix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceShown {
    /// Its ID.
    pub id: String,
    /// The site it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    /// Something of it is alive at Wix.
    Alive,
    /// It is to be bought, or to be taken back.
    Open,
    /// Nothing is, and nothing is to be done.
    #[default]
    Still,
    /// It was bought, and has ended at Wix.
    Ended,
    /// Nothing is bought until a person releases it.
    Barred,
    /// A person has settled it.
    Closed,
}

impl UnitGroup {
    pub(super) fn is_alive(&self) -> bool {
        self.standing == Standing::Alive
    }

    /// How many of their instances are on no site.
    pub(super) fn floating(&self) -> usize {
        let instances = self.bought.iter().flat_map(|bought| &bought.instances);
        instances.filter(|instance| instance.site.is_none()).count()
    }

    pub(super) fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }

    /// How many of them may still be bought: wanted, and nothing alive at Wix stands for them.
    pub(super) const fn could_buy(&self) -> u32 {
        match self.standing {
            Standing::Open | Standing::Still if self.wanted => self.count,
            Standing::Alive
            | Standing::Open
            | Standing::Still
            | Standing::Ended
            | Standing::Barred
            | Standing::Closed => 0,
        }
    }

    /// How many of them are planned, wanted, and not begun to be bought.
    pub(in crate::inspect) const fn would_buy(&self) -> u32 {
        if self.wanted && self.unsent { self.count } else { 0 }
    }

    /// How many of them would be bought again where a person replaces what ended. What is alive as far as is known is read
    /// first, and may have ended.
    pub(super) const fn could_replace(&self) -> u32 {
        match self.standing {
            Standing::Ended | Standing::Alive if self.wanted => self.count,
            Standing::Alive
            | Standing::Open
            | Standing::Still
            | Standing::Ended
            | Standing::Barred
            | Standing::Closed => 0,
        }
    }

    /// How many of them may be bought where a person releases them.
    pub(super) const fn could_release(&self) -> u32 {
        match self.standing {
            Standing::Barred => self.count,
            Standing::Alive | Standing::Open | Standing::Still | Standing::Ended | Standing::Closed => 0,
        }
    }

    /// Whether the next unit can be told together with these.
    fn joins(&self, next: &Self) -> bool {
        let same = |ours: &Option<Purchased>, theirs: &Option<Purchased>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                (&ours.purchase, &ours.state, &ours.package) == (&theirs.purchase, &theirs.state, &theirs.package)
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.first + self.count == next.first
            && (&self.line, &self.sku, self.component, &self.product)
                == (&next.line, &next.sku, next.component, &next.product)
            && (&self.state, self.wanted, self.unclear) == (&next.state, next.wanted, next.unclear)
            && self.standing == next.standing
            && same(&self.bought, &next.bought)
            && same(&self.voucher, &next.voucher)
    }

    fn join(&mut self, next: Self) {
        self.count += next.count;
        for (ours, theirs) in [(&mut self.bought, next.bought), (&mut self.voucher, next.voucher)] {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                ours.instances.extend(theirs.instances);
            }
        }
    }
}

/// By item, the purchase that stands for it and where in it.
type Standings<'a> = BTreeMap<Item, (&'a Purchase, usize)>;

pub(in crate::inspect) fn of(record: &OrderRecord, now: Timestamp) -> Vec<UnitGroup> {
    let entitled = Entitled::of(record, now);
    let (bases, vouchers) = (standings(record, Kind::Base), standings(record, Kind::Voucher));
    let mut groups = Vec::new();
    let mut told = BTreeSet::new();
    for (index, line) in (0_u32..).zip(record.lines()) {
        let mut by_component: BTreeMap<u32, Vec<UnitGroup>> = BTreeMap::new();
        for (first, run) in line.numbered_runs() {
            let sku = run.sku.as_ref().map(ToString::to_string);
            let components = run.plan.components();
            if components.is_empty() {
                by_component.entry(0).or_default().push(UnitGroup {
                    line: line.id().clone(),
                    sku,
                    first,
                    count: run.count,
                    component: None,
                    product: None,
                    wanted: true,
                    unclear: false,
                    state: unbought(&run.plan),
                    bought: None,
                    voucher: None,
                    standing: of_unbought(&run.plan),
                    unsent: false,
                });
                continue;
            }
            for unit in first..first.saturating_add(run.count) {
                for (at, component) in (0_u32..).zip(components) {
                    let item = Item(index, unit, at);
                    told.insert(item);
                    let mut group = unit_of(item, component, &entitled, &bases, &vouchers);
                    line.id().clone_into(&mut group.line);
                    group.sku.clone_from(&sku);
                    group.component = (components.len() > 1).then_some(at + 1);
                    add(by_component.entry(at).or_default(), group);
                }
            }
        }
        groups.extend(by_component.into_values().flatten());
    }
    // What was bought for a unit whose plan is another one by now.
    for (item, (purchase, at)) in bases.iter().filter(|(item, _)| !told.contains(item)) {
        let bought = purchased(purchase, *at);
        let line = usize::try_from(item.0).ok().and_then(|line| record.lines().get(line));
        let group = UnitGroup {
            line: line.map(|line| line.id().clone()).unwrap_or_default(),
            sku: None,
            first: item.1,
            count: 1,
            component: None,
            product: None,
            wanted: entitled.keeps(*item),
            unclear: false,
            state: bought.state.clone(),
            standing: standing_of(purchase, *at, entitled.keeps(*item)),
            unsent: false,
            bought: Some(bought),
            voucher: None,
        };
        add(&mut groups, group);
    }
    groups
}

fn add(groups: &mut Vec<UnitGroup>, group: UnitGroup) {
    match groups.last_mut() {
        Some(last) if last.joins(&group) => last.join(group),
        Some(_) | None => groups.push(group),
    }
}

/// The purchase of each item. What was replaced stands for nothing any more.
fn standings(record: &OrderRecord, kind: Kind) -> Standings<'_> {
    let mut all = Standings::new();
    for purchase in record.purchases().iter().filter(|purchase| purchase.id().kind == kind) {
        for (at, item) in purchase.items().iter().enumerate() {
            if !instance(purchase, at).is_some_and(|(_, instance)| instance.is_replaced()) {
                all.insert(*item, (purchase, at));
            }
        }
    }
    all
}

fn instance(purchase: &Purchase, at: usize) -> Option<(&HeldPackage, &Instance)> {
    let held = purchase.attempt().package()?;
    Some((held, held.instances().get(at)?))
}

fn unit_of(
    item: Item,
    component: &ComponentPlan,
    entitled: &Entitled,
    bases: &Standings<'_>,
    vouchers: &Standings<'_>,
) -> UnitGroup {
    let wanted = entitled.may_buy(item);
    let bought = bases.get(&item).map(|(purchase, at)| purchased(purchase, *at));
    let standing = match bases.get(&item) {
        Some((purchase, at)) => standing_of(purchase, *at, entitled.keeps(item)),
        None if wanted => Standing::Open,
        None => Standing::Still,
    };
    let state = match (&bought, wanted) {
        (Some(bought), _) => bought.state.clone(),
        (None, true) => "not bought yet".to_owned(),
        (None, false) if entitled.keeps(item) => "not bought before it is clear whether it is wanted".to_owned(),
        (None, false) => "not wanted, and not bought".to_owned(),
    };
    UnitGroup {
        line: String::new(),
        sku: None,
        first: item.1,
        count: 1,
        component: None,
        product: Some(component.product.catalog_product_id.to_string()),
        wanted,
        unclear: !wanted && entitled.keeps(item),
        state,
        bought,
        voucher: vouchers.get(&item).map(|(purchase, at)| purchased(purchase, *at)),
        standing,
        unsent: bases.get(&item).is_none_or(|(purchase, _)| {
            let doubt = purchase.attempt().doubt();
            doubt.is_some_and(|doubt| !doubt.stage().was_sent())
        }),
    }
}

fn standing_of(purchase: &Purchase, at: usize, keeps: bool) -> Standing {
    match (purchase.attempt(), instance(purchase, at)) {
        (Attempt::Created(held), Some((_, instance))) if !held.is_gone() && !instance.has_ended() => {
            if keeps || instance.begun().is_none() {
                Standing::Alive
            } else {
                Standing::Open
            }
        }
        (Attempt::InDoubt(doubt), _) if !doubt.is_closed() => Standing::Open,
        (Attempt::InDoubt(_) | Attempt::Closed, _) => Standing::Closed,
        (Attempt::Created(_), _) => Standing::Ended,
        (Attempt::Refused(_) | Attempt::Ambiguous | Attempt::Dropped { .. }, _) => Standing::Still,
    }
}

fn purchased(purchase: &Purchase, at: usize) -> Purchased {
    let held = instance(purchase, at);
    let instances = held.map(|(_, instance)| InstanceShown {
        id: instance.id().to_string(),
        site: instance.site().map(ToString::to_string),
    });
    Purchased {
        purchase: purchase.id().to_string(),
        state: attempt(purchase, held),
        package: purchase.attempt().package().map(|held| held.id().to_string()),
        instances: instances.into_iter().collect(),
    }
}

fn attempt(purchase: &Purchase, held: Option<(&HeldPackage, &Instance)>) -> String {
    match (purchase.attempt(), held) {
        (Attempt::Created(_), Some((held, instance))) => alive(held, instance),
        (Attempt::Created(_), None) => "bought, and Wix does not show this instance".to_owned(),
        (Attempt::InDoubt(doubt), _) if doubt.is_closed() => "closed by a person while in doubt".to_owned(),
        (Attempt::InDoubt(doubt), _) if doubt.stage().was_sent() => {
            "sent, and what became of it is not known yet".to_owned()
        }
        (Attempt::InDoubt(_), _) => "looked up at Wix before it is bought".to_owned(),
        (Attempt::Refused(refusal), _) => format!("refused by Wix: {}", refusal.code),
        (Attempt::Ambiguous, _) => "several packages fit it".to_owned(),
        (Attempt::Dropped { .. }, _) => "not wanted any more, and nothing appeared at Wix".to_owned(),
        (Attempt::Closed, _) => "closed by a person".to_owned(),
    }
}

fn alive(held: &HeldPackage, instance: &Instance) -> String {
    if held.is_gone() {
        return "Wix does not have its package any more".to_owned();
    }
    let closed = if instance.is_closed() {
        ", closed by a person"
    } else {
        ""
    };
    let place = match (instance.has_ended(), instance.site()) {
        (true, _) => "",
        (false, Some(_)) => " on its site",
        (false, None) => ", on no site",
    };
    format!("{}{place}{closed}", status(instance.status()))
}

fn status(status: &Status) -> String {
    status.as_str().to_ascii_lowercase()
}

const fn of_unbought(plan: &Plan) -> Standing {
    match plan {
        Plan::Open => Standing::Open,
        Plan::NotOurs(_) | Plan::Held => Standing::Barred,
        Plan::Closed => Standing::Closed,
        Plan::Refused { .. } | Plan::Buy(_) => Standing::Still,
    }
}

fn unbought(plan: &Plan) -> String {
    match plan {
        Plan::Open => "planned anew at the next decision".to_owned(),
        Plan::NotOurs(why) => format!("not ours: {}", not_ours(*why)),
        Plan::Held => "held: the order is from before the catalog's not_before".to_owned(),
        Plan::Closed => "closed by a person".to_owned(),
        Plan::Refused { .. } => "not planned: see the problem".to_owned(),
        Plan::Buy(_) => "nothing to buy".to_owned(),
    }
}

const fn not_ours(why: NotOurs) -> &'static str {
    match why {
        NotOurs::BlankSku => "the line has no SKU",
        NotOurs::UnknownSku => "the catalog does not have the SKU",
        NotOurs::Component => "it is bought with the line that it is a part of",
        NotOurs::Renewal => "a renewal, and Wix renews by itself",
    }
}
