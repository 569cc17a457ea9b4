//! How a product is billed, as a catalog says it.

use super::table::{Notes, Table};
use crate::wix::{BillingInfo, CycleUnit};

#[derive(Clone, Copy)]
enum Kind {
    Recurring,
    OneTime,
}

#[derive(Clone, Copy)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

pub(super) fn billing(notes: &mut Notes, table: &Table<'_, '_>) -> Option<BillingInfo> {
    let inner = notes.table(table, "billing", &format!("{}, billing", table.entry))?;
    notes.unknown_keys(&inner, &["type", "unit", "count"]);
    let kinds = [("RECURRING", Kind::Recurring), ("ONE_TIME", Kind::OneTime)];
    let kind = notes.choice(&inner, "type", &kinds);
    if !inner.has("type") {
        notes.missing(
            &inner,
            "type",
            "\"RECURRING\" (with `unit` and `count`) or \"ONE_TIME\"",
        );
    }
    match kind? {
        Kind::OneTime => {
            for key in ["unit", "count"] {
                if let Some(value) = inner.get(key) {
                    let message =
                        format!("`{key}` has no meaning for ONE_TIME: take it out, or make the type RECURRING");
                    notes.note(&value.span(), &inner.entry, message);
                }
            }
            Some(BillingInfo::one_time())
        }
        Kind::Recurring => {
            let units = [
                ("DAY", Unit::Day),
                ("WEEK", Unit::Week),
                ("MONTH", Unit::Month),
                ("YEAR", Unit::Year),
            ];
            let unit = notes.choice(&inner, "unit", &units);
            let count = notes.count(&inner, "count");
            for (key, wanted) in [
                ("unit", "\"DAY\", \"WEEK\", \"MONTH\" or \"YEAR\""),
                ("count", "how many units a cycle has, such as 1"),
            ] {
                if !inner.has(key) {
                    notes.missing(&inner, key, wanted);
                }
            }
            let unit = match unit? {
                Unit::Day => CycleUnit::Day,
                Unit::Week => CycleUnit::Week,
                Unit::Month => CycleUnit::Month,
                Unit::Year => CycleUnit::Year,
            };
            Some(BillingInfo::recurring(unit, count?))
        }
    }
}
