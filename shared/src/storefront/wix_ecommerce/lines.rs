//! The lines of an order of Wix, under IDs that are unique and stay the same in every version.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::FieldNames;
use super::super::amount::Micros;
use super::super::fields::sku;
use super::super::json::{Lenient, Text, Units, list};
use crate::ids::Sku;
use crate::order::{Line, MissingSku};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineItem {
    /// Not unique: often `00000000-0000-0000-0000-000000000001` (observed).
    id: Text,
    quantity: Units,
    refund_quantity: Option<Units>,
    /// Of all its units, with its discounts.
    total_price_after_tax: Lenient<Price>,
    physical_properties: Lenient<PhysicalProperties>,
    catalog_reference: Lenient<CatalogReference>,
    #[serde(default, deserialize_with = "list")]
    description_lines: Vec<Lenient<DescriptionLine>>,
    /// There for what is sold by subscription, and for nothing else.
    subscription_info: Option<SubscriptionInfo>,
}

/// An amount of money in the order's currency.
#[derive(Deserialize)]
pub(super) struct Price {
    pub(super) amount: Text,
}

#[derive(Deserialize)]
struct PhysicalProperties {
    sku: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogReference {
    catalog_item_id: Text,
    options: Lenient<Options>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    variant_id: Text,
    /// By the title of the field, and in newer catalogs by a key of its own (documented).
    custom_text_fields: Lenient<BTreeMap<String, Text>>,
}

/// What the buyer reads under the product: here the title of a free text stands in any catalog.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescriptionLine {
    name: Text,
    plain_text: Text,
}

/// Which subscription a line belongs to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionInfo {
    /// The contract.
    pub(super) id: Text,
    /// The cycle that the order is for: 1 is the checkout's.
    cycle_number: Option<Units>,
}

impl SubscriptionInfo {
    /// `None` where the line does not say which cycle it is of.
    pub(super) fn cycle(&self) -> Option<u32> {
        self.cycle_number.map(|cycle| cycle.0).filter(|cycle| *cycle > 0)
    }
}

impl LineItem {
    pub(super) const fn subscription(&self) -> Option<&SubscriptionInfo> {
        self.subscription_info.as_ref()
    }

    pub(super) fn refunded(&self) -> u32 {
        self.refund_quantity.unwrap_or_default().0
    }

    pub(super) const fn quantity(&self) -> u32 {
        self.quantity.0
    }

    /// What all its units cost, with its discounts and taxes.
    pub(super) fn price_after_tax(&self) -> Option<Micros> {
        Micros::of(&self.total_price_after_tax.0.as_ref()?.amount)
    }

    fn sku(&self) -> Option<Sku> {
        self.physical_properties
            .0
            .as_ref()
            .and_then(|physical| sku(&physical.sku))
    }

    fn options(&self) -> Option<&Options> {
        self.catalog_reference.0.as_ref()?.options.0.as_ref()
    }

    /// A line of an order: the units that are left of it.
    fn of_order(&self, names: &FieldNames) -> Line {
        let units = self.quantity.0.saturating_sub(self.refunded());
        self.line(self.id_of_order(), units, names)
    }

    /// A line of a subscription: its units whatever was refunded of one cycle, because only the contract ends it.
    fn of_contract(&self, names: &FieldNames) -> Line {
        let mut line = self.line(self.id_of_contract(), self.quantity.0, names);
        line.subscription = true;
        line
    }

    fn line(&self, id: String, units: u32, names: &FieldNames) -> Line {
        let texts = self
            .options()
            .into_iter()
            .flat_map(|options| options.custom_text_fields.0.iter().flatten())
            .filter_map(|(label, value)| Some((label.as_str(), value.as_deref()?)));
        let described = self
            .description_lines
            .iter()
            .filter_map(|line| line.0.as_ref())
            .filter_map(|line| Some((line.name.as_deref()?, line.plain_text.as_deref()?)));
        let sku = self.sku();
        Line {
            missing_sku: sku.is_none().then_some(MissingSku::VariantWithoutSku),
            ..Line::new(id, sku, units, names.pick(texts.chain(described)))
        }
    }

    /// `id#sku`, made from the line alone, so that a line added later does not rename the others.
    fn id_of_order(&self) -> String {
        let id: String = self.id.as_deref().unwrap_or_default().chars().take(100).collect();
        let id = without_signs(&id);
        match self.sku() {
            Some(sku) => format!("{id}#{}", without_signs(sku.as_str())),
            None => id,
        }
    }

    /// The product and its variant: the orders of two cycles have nothing else in common. An SKU that was renamed
    /// meanwhile is another SKU of the same line.
    fn id_of_contract(&self) -> String {
        let reference = self.catalog_reference.0.as_ref();
        let Some(product) = reference.and_then(|reference| reference.catalog_item_id.as_deref()) else {
            return self
                .sku()
                .map_or_else(|| self.id_of_order(), |sku| without_signs(sku.as_str()));
        };
        let cut = |text: &str| without_signs(&text.chars().take(60).collect::<String>());
        let variant = self
            .options()
            .and_then(|options| options.variant_id.as_deref())
            // A product without variants has none, or one of zeros.
            .filter(|variant| variant.bytes().any(|byte| byte.is_ascii_alphanumeric() && byte != b'0'));
        match variant {
            Some(variant) => format!("{}#{}", cut(product), cut(variant)),
            None => cut(product),
        }
    }
}

/// The lines of an order.
pub(super) fn of_order<'a>(items: impl IntoIterator<Item = &'a LineItem>, names: &FieldNames) -> Vec<Line> {
    unique(items.into_iter().map(|item| item.of_order(names)).collect())
}

/// Lines of a subscription that is not named: they say what it is about, and nothing of them is wanted.
pub(super) fn unnamed<'a>(items: impl IntoIterator<Item = &'a LineItem>, names: &FieldNames) -> Vec<Line> {
    let line = |item: &LineItem| Line {
        id: format!("{}#unnamed", item.id_of_order()),
        units: 0,
        ..item.of_contract(names)
    };
    unique(items.into_iter().map(line).collect())
}

/// The lines of a subscription.
pub(super) fn of_contract<'a>(items: impl IntoIterator<Item = &'a LineItem>, names: &FieldNames) -> Vec<Line> {
    unique(items.into_iter().map(|item| item.of_contract(names)).collect())
}

/// Where an ID repeats, the lines are counted (`id##2`) in the order of what they say, not of where they stand. Whatever
/// stands in an ID or an SKU, no two lines come to one name.
fn unique(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|one, two| {
        let rank = |line: &Line| {
            let fields = line.fields.clone();
            (line.id.clone(), fields.account, fields.site, fields.external_id)
        };
        rank(one)
            .cmp(&rank(two))
            .then(two.units.cmp(&one.units))
            .then(one.sku.cmp(&two.sku))
    });
    let mut last = String::new();
    let mut repeats = 1_u32;
    for line in &mut lines {
        if line.id == last {
            repeats = repeats.saturating_add(1);
            line.id = format!("{last}##{repeats}");
        } else {
            last.clone_from(&line.id);
            repeats = 1;
        }
    }
    lines
}

/// Keeps the sign that parts of a line's ID are joined with out of the parts.
fn without_signs(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23")
}
