//! The moves of a purchase's life: which are allowed, and what each proves.

use std::time::Duration;

use super::*;
use crate::fulfilment::settings::Settings;
use crate::fulfilment::testing::{NOW, buy, own, paid};

fn begun() -> Purchase {
    let draft = Draft {
        id: Kind::Base.number(1),
        generation: 1,
        account: own(),
        items: vec![Item(0, 1, 0)],
        products: Vec::new(),
        references: Vec::new(),
    };
    draft.begun(NOW, NOW)
}

fn doubt(purchase: &Purchase) -> &InDoubt {
    purchase.attempt().doubt().expect("it is in doubt")
}

/// Two empty lookups that are late enough.
fn prove_absent(purchase: &mut Purchase) {
    let late = NOW + Duration::from_secs(3_600);
    for _ in 0..2 {
        assert!(!doubt(purchase).is_absent(&Settings::default()));
        purchase.found_nothing(true, late, &Settings::default()).unwrap();
    }
    assert!(doubt(purchase).is_absent(&Settings::default()));
}

#[test]
fn a_create_is_sent_three_times_and_the_last_is_a_later_generation() {
    let mut purchase = begun();
    for (stage, generation) in [(Stage::SecondSend, 1), (Stage::LastSend, 2)] {
        prove_absent(&mut purchase);
        assert!(doubt(&purchase).may_be_sent());
        purchase.send_again(NOW, NOW).unwrap();
        assert_eq!((doubt(&purchase).stage(), purchase.generation()), (stage, generation));
    }
    prove_absent(&mut purchase);
    assert!(doubt(&purchase).is_exhausted(&Settings::default()));
    let before = purchase.clone();
    let error = purchase.send_again(NOW, NOW).unwrap_err();
    assert!(matches!(error, RecordError::IllegalMove { .. }), "{error}");
    assert_eq!(purchase, before, "a move that is refused changes nothing");
}

#[test]
fn an_empty_lookup_that_is_too_early_proves_nothing() {
    let mut purchase = begun();
    for _ in 0..5 {
        purchase.found_nothing(true, NOW, &Settings::default()).unwrap();
    }
    assert_eq!(doubt(&purchase).absence(), Absence::Unproven);
    assert_eq!(doubt(&purchase).next_lookup(), NOW + Settings::default().horizon());
}

#[test]
fn what_is_not_wanted_is_looked_up_four_times_and_dropped() {
    let mut purchase = begun();
    for _ in 0..4 {
        let at = doubt(&purchase).next_final_lookup().expect("there is another one");
        purchase.found_nothing(false, at, &Settings::default()).unwrap();
    }
    assert_eq!(purchase.attempt().name(), "dropped");
    purchase.wanted(NOW);
    assert_eq!(doubt(&purchase).stage(), Stage::FirstSend);
}

#[test]
fn only_what_is_in_doubt_can_be_created_refused_or_ambiguous() {
    let refusal = || Refusal {
        operation: "Create Package".to_owned(),
        code: "PRODUCT_NOT_FOUND".to_owned(),
        request_id: None,
        at: NOW,
    };
    let mut purchase = begun();
    purchase.refused(refusal()).unwrap();
    let refused = purchase.clone();
    assert!(purchase.refused(refusal()).is_err());
    assert!(purchase.ambiguous().is_err());
    assert!(purchase.look_again(NOW).is_err());
    assert!(purchase.found_nothing(true, NOW, &Settings::default()).is_err());
    assert_eq!(purchase, refused);
    purchase.close().unwrap();
    purchase.close().unwrap();
    assert_eq!(purchase.attempt(), &Attempt::Closed);
    purchase.retried(false, NOW);
    purchase.wanted(NOW);
    assert_eq!(purchase.attempt(), &Attempt::Closed, "closed is closed");
}

#[test]
fn what_exists_cannot_be_closed_away() {
    let mut record = paid(&[("MAIL", 1, false)]);
    let id = buy(&mut record).unwrap();
    let error = record.purchase_mut(id).unwrap().close().unwrap_err();
    assert!(matches!(error, RecordError::IllegalMove { .. }), "{error}");
}

#[test]
fn an_id_that_the_record_does_not_have_is_an_error() {
    let mut record = paid(&[("MAIL", 1, false)]);
    let unknown = Kind::Base.number(7);
    assert_eq!(
        record.purchase_mut(unknown).unwrap_err(),
        RecordError::UnknownPurchase(unknown)
    );
    assert!(record.retire(unknown).is_err());
    let id = buy(&mut record).unwrap();
    let holder = Holder::Purchase(id);
    let elsewhere = InstanceRef {
        holder: holder.clone(),
        at: 1,
        account: own(),
        id: record.held(&holder).unwrap().instances()[0].id().clone(),
    };
    let error = record.held_mut(&holder).unwrap().forget_change(&elsewhere).unwrap_err();
    assert!(matches!(error, RecordError::UnknownInstance(_)), "{error}");
}

#[test]
fn ids_are_used_again_with_a_later_generation_only() {
    let mut record = paid(&[("MAIL", 1, false)]);
    let (id, generation) = record.next_id(Kind::Base);
    assert_eq!((id.to_string().as_str(), generation), ("b1", 1));
    buy(&mut record).unwrap();
    assert_eq!(record.next_id(Kind::Base), (Kind::Base.number(2), 1));
    record.retire(id).unwrap();
    assert_eq!(record.next_id(Kind::Base), (id, 2));
}

#[test]
fn purchases_and_problems_are_read_by_their_ids_and_by_nothing_else() {
    assert_eq!("v12".parse(), Ok(Kind::Voucher.number(12)));
    for wrong in ["", "b", "x1", "b+1", "b-1", "b1 ", "1"] {
        assert!(wrong.parse::<PurchaseId>().is_err(), "{wrong}");
    }
    let id = ProblemId::of(&["CODE", "line 1"]);
    assert_eq!(id.as_str().parse(), Ok(id.clone()));
    assert_ne!(id, ProblemId::of(&["CODE", "line 2"]));
    for wrong in ["", "12345", "0123456789a", "ghijklmnop"] {
        assert!(wrong.parse::<ProblemId>().is_err(), "{wrong}");
    }
}

#[test]
fn a_record_is_read_back_as_it_was_written() {
    let mut record = paid(&[("PLAN", 2, true), ("MAIL", 1, false)]);
    while buy(&mut record).is_some() {}
    assert_eq!(OrderRecord::from_json(&record.to_json()), Ok(record));
}

/// The quantity stands in a body that anybody with a paid order writes: four thousand million units must cost nothing.
#[test]
fn units_of_which_nothing_is_bought_are_not_walked_through() {
    let mut line = Line::new("1");
    line.set_runs(vec![PlannedUnits {
        count: u32::MAX,
        sku: None,
        plan: Plan::Open,
    }]);
    assert_eq!(plan::items_of(0, &line, u32::MAX).count(), 0);
}

/// An older version must not write a record of which it would lose the other target; every other record it can go on with.
#[test]
fn only_a_record_with_another_target_has_the_newer_schema() {
    let mut record = paid(&[("PLAN", 1, true)]);
    buy(&mut record).expect("it is bought");
    assert!(record.to_json().contains("\"schema\":1,"));
    assert!(!record.has_other_targets());
    record.give_other_target();
    assert!(record.to_json().contains("\"schema\":2,"));
    assert!(
        OrderRecord::from_json(&record.to_json())
            .expect("it is read")
            .has_other_targets()
    );
}
