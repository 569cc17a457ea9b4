//! What of the money that an order gave back belongs to no unit. An order of Wix names no refunds: it says how many units of
//! each line were given back (`refundQuantity`), and how much money in all (`balanceSummary.refunded`).

use super::super::amount::Micros;
use super::lines::LineItem;

/// How far an amount may be off for each unit: Wix rounds the price of a unit to the currency's smallest coin.
const ROUNDING: i64 = 10_000;

/// How much was given back beyond what the units that were given back had cost, as the ID of a refund that names no lines. `None`
/// where that is nothing, or where it can be what the buyer paid beside the lines: shipping, or a fee.
///
/// With `refundQuantity` and without the prices to compare, all of it is taken for the units'.
///
/// `refunded` and `total` are what was given back and what the order cost, each in all.
pub(super) fn beyond_units(lines: &[LineItem], refunded: Option<&str>, total: Option<&str>) -> Option<String> {
    let units = units(lines);
    if units == 0 {
        return Some(refunded.unwrap_or("an amount").chars().take(40).collect());
    }
    let refunded = Micros::parse(refunded?)?.0;
    let (mut of_lines, mut of_units) = (0_i64, 0_i64);
    for line in lines {
        let (price, of) = (line.price_after_tax()?.0, i64::from(line.quantity()));
        of_lines = of_lines.checked_add(price)?;
        let back = price.checked_mul(i64::from(line.refunded()))?;
        of_units = of_units.checked_add(back.checked_div(of).unwrap_or_default())?;
    }
    let beside = Micros::parse(total?)?.0.checked_sub(of_lines)?.max(0);
    let beyond = refunded.checked_sub(of_units)?;
    let rounding = ROUNDING.checked_mul(i64::from(units))?;
    (beyond > beside.checked_add(rounding)?).then(|| Micros(beyond).to_string())
}

/// The units that were given back.
pub(super) fn units(lines: &[LineItem]) -> u32 {
    lines.iter().map(LineItem::refunded).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two units for 160.00 of which one was given back, one unit for 80.00, and what stands beside the lines is in the total.
    fn beyond(refunded: &str, total: &str) -> Option<String> {
        let lines = r#"[{"id":"1","quantity":2,"refundQuantity":1,"totalPriceAfterTax":{"amount":"160.00"}},
            {"id":"2","quantity":1,"refundQuantity":0,"totalPriceAfterTax":{"amount":"80.00"}}]"#;
        let lines: Vec<LineItem> = serde_json::from_str(lines).expect("two lines");
        beyond_units(&lines, Some(refunded), Some(total))
    }

    #[test]
    fn what_no_unit_had_cost_is_an_amount_beyond_the_units() {
        for (refunded, total, amount) in [
            ("80.00", "240.00", None),
            ("80.01", "240.00", None),
            ("100.00", "240.00", Some("20.00")),
            // With the shipping of ten.
            ("90.00", "250.00", None),
            ("100.00", "250.00", Some("20.00")),
            // Less than a unit had cost.
            ("30.00", "240.00", None),
            ("much", "240.00", None),
            ("100.00", "unknown", None),
        ] {
            assert_eq!(beyond(refunded, total).as_deref(), amount, "{refunded} of {total}");
        }
    }

    #[test]
    fn an_order_whose_prices_are_not_told_is_taken_at_its_units() {
        let one = r#"[{"id":"1","quantity":2,"refundQuantity":1}]"#;
        let none = one.replace("\"refundQuantity\":1", "\"refundQuantity\":0");
        let lines = |text: &str| serde_json::from_str::<Vec<LineItem>>(text).expect("a line");
        assert_eq!(beyond_units(&lines(one), Some("99.00"), Some("160.00")), None);
        assert_eq!(
            beyond_units(&lines(&none), Some("99.00"), None).as_deref(),
            Some("99.00")
        );
        assert_eq!(beyond_units(&lines(&none), None, None).as_deref(), Some("an amount"));
    }
}
