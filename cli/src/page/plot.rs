//! Orders and packages a day, as bars that need no colour: orders are filled, packages are outlined.

use super::{add, escaped};
use std::fmt::Write as _;

/// A day of the plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its date, such as 2026-01-31.
    pub date: String,
    /// Orders that were placed on it.
    pub orders: u32,
    /// Packages that these orders have.
    pub packages: u32,
}

/// The days of the plot, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    /// The oldest first; none where no order was placed on any of them.
    pub days: Vec<Day>,
    /// All orders of the ledger were looked at.
    pub is_whole: bool,
}

const WIDTH: u32 = 900;
const HEIGHT: u32 = 200;

pub(super) fn plot(page: &mut String, Days { days, is_whole }: &Days) {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return;
    };
    let most = days
        .iter()
        .map(|day| day.orders.max(day.packages))
        .max()
        .unwrap_or_default()
        .max(1);
    let slot = WIDTH / u32::try_from(days.len()).unwrap_or(u32::MAX).max(1);
    let bar = (slot / 2).saturating_sub(1).max(1);
    let height = |count: u32| u32::try_from(u64::from(count) * u64::from(HEIGHT) / u64::from(most)).unwrap_or(HEIGHT);
    page.push_str("<h2>Orders and packages a day</h2>\n<figure>\n");
    add!(
        page,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Orders and packages a day, {} to {}, {most} at the most\">",
        escaped(&first.date),
        escaped(&last.date),
    );
    for (at, day) in (0_u32..).zip(days) {
        let x = at * slot;
        for (count, x, look) in [
            (day.orders, x, "fill=\"currentColor\""),
            (
                day.packages,
                x + bar,
                "fill=\"none\" stroke=\"currentColor\" vector-effect=\"non-scaling-stroke\"",
            ),
        ] {
            let height = height(count);
            let y = HEIGHT - height;
            add!(
                page,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{bar}\" height=\"{height}\" {look}><title>{}: {count}</title></rect>",
                escaped(&day.date)
            );
        }
    }
    let (orders, packages) = days.iter().fold((0, 0), |(orders, packages), day| {
        (orders + day.orders, packages + day.packages)
    });
    add!(
        page,
        // Beside the picture and not in it: a text in it shrinks with it on a phone.
        "</svg>\n<div class=\"ends\"><span>{}</span><span>{}</span></div>\n<figcaption>Filled: orders by the day on which they were \
         placed, {orders} in all. Outlined: the packages that they have, {packages} in all. The tallest bar is {most}.{}</figcaption>\n\
         </figure>",
        escaped(&first.date),
        escaped(&last.date),
        if *is_whole {
            ""
        } else {
            " The ledger has more orders than were read for this."
        },
    );
}
