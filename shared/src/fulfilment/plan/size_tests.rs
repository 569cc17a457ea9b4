//! The size that is computed before anything is bought holds what a record comes to.

use super::size::Size;
use crate::fulfilment::record::{Change, Holder, InstanceRef, OrderRecord, Refusal};
use crate::fulfilment::testing::{NOW, buy, next, own, paid};

/// What goes wrong with everything that was bought.
fn everything_goes_wrong(record: &mut OrderRecord) {
    let refusal = |operation: &str| Refusal {
        operation: operation.to_owned(),
        code: "C".repeat(80),
        request_id: Some("r".repeat(80)),
        at: NOW,
    };
    let refused = record.keep_refusal(refusal(Change::Unassign.operation().as_str()));
    let holders: Vec<Holder> = record.holdings().map(|(holder, _, _)| holder).collect();
    for holder in holders {
        let held = record.held_mut(&holder).unwrap();
        held.set_tag(Some("T".repeat(100)));
        for at in 0..held.instances().len() {
            let instance = InstanceRef {
                holder: holder.clone(),
                at,
                account: own(),
                id: held.instances()[at].id().clone(),
            };
            for _ in 0..12 {
                held.begin_change(&instance, Change::Unassign).unwrap();
            }
            held.change_refused(&instance, refused).unwrap();
            held.begin_change(&instance, Change::Unassign).unwrap();
            held.close(&[at]);
        }
    }
}

#[test]
fn a_record_of_which_everything_went_wrong_is_no_larger_than_computed() {
    let sited: Vec<(&str, u32, bool)> = (0..90).map(|_| ("PLAN", 1, true)).collect();
    let cases: [&[(&str, u32, bool)]; 5] = [
        &[("MAIL", 1, false)],
        &[("PLAN", 1, true), ("MAIL", 3, false)],
        &[("MAIL", 1_400, false)],
        &[("PLAN", 600, true)],
        &sited,
    ];
    for lines in cases {
        let mut record = paid(lines);
        next(&mut record);
        let computed = Size::of(&record).worst_case();
        assert!(computed <= super::MAX_PLANNED, "{lines:?} can be bought");
        while buy(&mut record).is_some() {}
        assert!(record.packages().next().is_some(), "{lines:?} is bought");
        everything_goes_wrong(&mut record);
        let came_to = record.to_json().len();
        assert!(
            came_to <= computed,
            "{came_to} of {computed} bytes: {:?}",
            lines.first()
        );
    }
}

#[test]
fn an_order_that_no_record_can_hold_is_refused_and_the_others_are_planned() {
    let mut record = paid(&[("MAIL", 2, false), ("PLAN", 5_000, false), ("MAIL", 1, false)]);
    next(&mut record);
    let plans: Vec<bool> = record
        .lines()
        .iter()
        .map(|line| !line.runs()[0].plan.components().is_empty())
        .collect();
    assert_eq!(plans, [true, false, true]);
}

/// How many units of one line still fit, in hundreds.
fn most(sku: &str, sited: bool) -> u32 {
    let fits = |hundreds: u32| {
        let mut record = paid(&[(sku, hundreds * 100, sited)]);
        next(&mut record);
        !record.lines()[0].runs()[0].plan.components().is_empty()
    };
    (1..40).take_while(|hundreds| fits(*hundreds)).last().unwrap_or(0) * 100
}

#[test]
fn the_page_names_how_many_units_an_order_may_have() {
    let page = include_str!("../../../../README.md");
    let (vouchers, plain) = (most("PLAN", false), most("MAIL", false));
    let in_words = |units: u32| format!("{},{:03}", units / 1_000, units % 1_000);
    let said = format!(
        "about {} units with vouchers, or {} without",
        in_words(vouchers),
        in_words(plain)
    );
    assert!(
        page.replace('\n', " ").replace("  ", " ").contains(&said),
        "README.md does not say {said:?}"
    );
}
