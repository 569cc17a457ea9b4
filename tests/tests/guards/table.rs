//! Every guard, what goes wrong without it, and the test that shows it.

use std::path::Path;

use reseller_hooks::fulfilment::settings::FulfilmentGuards;
use reseller_hooks::storefront::VerificationGuards;
use reseller_hooks::worker::batch::BatchGuards;

/// A guard by its name, the history that breaks without it, and the file and name of the test (or of the simulation's
/// own guard).
type Row = (&'static str, &'static str, &'static str, &'static str);

const MAIN: &str = include_str!("mod.rs");
const EDGE: &str = include_str!("edge.rs");
const TARGETS: &str = include_str!("targets.rs");
const SIM: &str = include_str!("../../src/sim/guards.rs");

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("lookup", "the answer to a create is lost, and a second package is bought",
        MAIN, "without_the_lookup_a_lost_answer_is_a_second_package"),
    ("settle_time", "the answer is lost, and the package shows in no query yet",
        MAIN, "without_the_settle_time_a_package_that_shows_late_is_bought_again"),
    ("send_before", "a worker stalls before it sends, and wakes after another has bought",
        MAIN, "without_send_before_a_worker_that_stalled_buys_what_another_has_bought"),
    ("lease", "two workers have events of one order, and both call Wix",
        MAIN, "without_the_lease_two_workers_call_wix_for_one_order"),
    ("merge_under_lease", "an order is canceled while it is bought, and runs on",
        MAIN, "without_merging_under_the_lease_a_cancellation_is_lost"),
    ("derived_key", "the answer is lost, and the package shows later than the settle time",
        MAIN, "without_a_derived_key_a_package_that_shows_too_late_is_sold_twice"),
    ("stored_request", "the catalog is changed between two attempts, and another product is bought",
        MAIN, "without_the_stored_request_a_changed_catalog_is_another_order"),
    ("one_package_one_purchase", "a second unit's create is lost, and the first unit's package is taken for it",
        MAIN, "without_one_purchase_for_a_package_two_units_share_one"),
    ("adoption_check", "a lookup finds somebody else's package, and the customer is given it",
        MAIN, "without_the_adoption_check_somebody_elses_package_is_the_customers"),
    ("permit", "a burst of orders, and every worker calls Wix at once",
        MAIN, "without_the_permit_a_burst_passes_wixs_limit"),
    ("change_in_doubt", "a move is in doubt, the order names the old site again, and the move takes effect after all",
        TARGETS, "without_the_doubt_a_late_move_stays_where_nobody_wants_it"),
    ("change_settle_time", "Get shows the old site before a late move takes effect, and that is taken for proof",
        TARGETS, "without_the_settle_time_get_is_believed_too_early"),
    ("move_back", "a move fails half way, and a paying customer's site stays dark",
        TARGETS, "without_the_way_back_a_failed_move_leaves_a_site_dark"),
    ("rev_condition", "two workers write one record, and the second takes back what the first wrote",
        SIM, "rev-condition"),
    ("signature_check", "somebody posts an order that nobody placed, and it is bought",
        EDGE, "without_the_signature_check_anybody_orders_packages"),
    ("replay_tolerance", "somebody posts a delivery of last year, of which the ledger knows nothing any more",
        EDGE, "without_the_replay_tolerance_a_lost_ledger_buys_last_years_order"),
    ("per_record_panic", "one order makes the worker panic, and nine others are never merged",
        EDGE, "without_the_catch_of_a_panic_one_order_kills_its_whole_batch"),
];

/// Each with whether it is in by default. A guard that is not named here does not compile: add its line to the table.
fn guards() -> Vec<(&'static str, bool)> {
    let FulfilmentGuards {
        lookup,
        settle_time,
        send_before,
        lease,
        merge_under_lease,
        derived_key,
        stored_request,
        permit,
        one_package_one_purchase,
        adoption_check,
        change_in_doubt,
        change_settle_time,
        move_back,
    } = FulfilmentGuards::default();
    let VerificationGuards {
        signature_check,
        replay_tolerance,
    } = VerificationGuards::default();
    let BatchGuards { per_record_panic } = BatchGuards::default();
    vec![
        ("lookup", lookup),
        ("settle_time", settle_time),
        ("send_before", send_before),
        ("lease", lease),
        ("merge_under_lease", merge_under_lease),
        ("derived_key", derived_key),
        ("stored_request", stored_request),
        ("permit", permit),
        ("one_package_one_purchase", one_package_one_purchase),
        ("adoption_check", adoption_check),
        ("change_in_doubt", change_in_doubt),
        ("change_settle_time", change_settle_time),
        ("move_back", move_back),
        // The simulation's ledger takes it out: the real ones have no other way to write.
        (
            "rev_condition",
            reseller_hooks_tests::sim::Profile::default().rev_condition,
        ),
        ("signature_check", signature_check),
        ("replay_tolerance", replay_tolerance),
        ("per_record_panic", per_record_panic),
    ]
}

#[test]
fn every_guard_is_in_the_table_with_a_history_and_a_test_that_is_there() {
    let guards = guards();
    for (guard, is_in) in &guards {
        assert!(is_in, "{guard} is out by default");
        assert_eq!(TABLE.iter().filter(|row| row.0 == *guard).count(), 1, "rows of {guard}");
    }
    assert_eq!(TABLE.len(), guards.len(), "the table has a row of no guard");
    for (guard, history, file, test) in TABLE {
        assert!(!history.is_empty());
        let is_there = if *file == SIM {
            file.contains(&format!("name: \"{test}\""))
        } else {
            file.contains(&format!("#[test]\nfn {test}() {{"))
        };
        assert!(is_there, "{guard}: there is no {test}");
    }
}

/// Without the feature `guards` they are constants; the step `deployed` sees that no function has it. And no function
/// names one.
#[test]
fn nothing_that_is_deployed_names_a_guard() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let functions = std::fs::read_dir(root.join("functions")).unwrap();
    let mut files: Vec<_> = functions
        .map(|function| function.unwrap().path().join("src/main.rs"))
        .collect();
    assert!(files.len() >= 5, "the functions are not found");
    files.push(root.join("shared/src/worker/run.rs"));
    for file in files {
        let code = std::fs::read_to_string(&file).unwrap();
        assert!(!code.to_lowercase().contains("guard"), "{}", file.display());
    }
}
