//! What the real Wix does is found out with a few purchases, and nothing that was bought stays.

use std::sync::PoisonError;

use reseller::Exit;
use wix_sandbox::{Config, FaultRule, Idempotency, Operation, Status};

use super::shop::Shop;
use super::verbs::ASKED;

const PRODUCT: &str = "00ba7923-2655-402a-852d-2b2100568bcf";
const LARGER: &str = "2c6db353-458a-41dd-b4f5-cb8a05be6bff";
const SITES: [&str; 2] = [
    "918aa943-ab4f-40bc-88c3-8dfd02fae7cd",
    "918aa944-ab4f-40bc-88c3-8dfd02fae7cd",
];

fn of(idempotency: Idempotency, query_delay_ms: u64) -> Shop {
    Shop::at(Config {
        rate_limit_per_minute: None,
        idempotency,
        query_delay_ms,
        ..Config::default()
    })
}

/// Nothing that was bought is paid for any longer.
fn all_canceled(shop: &Shop) -> bool {
    let wix = shop.wix.lock().unwrap_or_else(PoisonError::into_inner);
    wix.instances().all(|(_, instance)| instance.status == Status::Canceled)
}

#[test]
fn a_wix_that_honours_keys_is_found_out_and_all_is_canceled() {
    let shop = of(Idempotency::Honour, 0);
    let words = [
        "probe",
        "--product",
        PRODUCT,
        "--other-product",
        LARGER,
        "--sites",
        SITES[0],
        SITES[1],
        "--yes",
    ];
    let ran = shop.types(&words).done();
    for part in [
        "how late is a query after a create: 0.",
        "honoured: the second answer is the first package",
        "another request with a key that was used: ",
        "a product that does not exist is refused with: HTTP 4",
        "assigning what is assigned elsewhere: moves it",
        "adjusting to what it is already: the first time taken, the second time ",
        "canceling a package that is canceled: the first time taken",
        "SETTLE_SECONDS=60 (parameter SettleSeconds) fits",
        "what else is set may stay as it is",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(shop.created(), 2, "a refused and a replayed create buy nothing");
    assert!(all_canceled(&shop));
    assert_eq!(
        shop.types(&["order", "list"]).done().out,
        "",
        "the ledger knows nothing of it"
    );
}

// The settle time is what keeps an order from being bought twice at a Wix that ignores keys.
#[test]
fn a_wix_that_ignores_keys_and_is_late_gets_a_longer_settle_time() {
    let shop = of(Idempotency::Ignore, 1_200);
    let found = shop
        .types(&["probe", "--product", PRODUCT, "--yes", "-o", "json"])
        .done()
        .json();
    let word = |at: usize| found["findings"][at]["word"].clone();
    assert_eq!(
        (word(0), word(1), word(2)),
        ("seen".into(), "bought_twice".into(), "bought_twice".into())
    );
    assert_eq!(found["settle_seconds"], 60, "{found:#}");
    assert!(all_canceled(&shop));
    // What never appears leaves no settle time that is long enough.
    let shop = of(Idempotency::Honour, 60_000);
    let ran = shop
        .types(&["probe", "--product", PRODUCT, "--yes", "--lag", "0"])
        .done();
    assert!(
        ran.out.contains("no SETTLE_SECONDS that may be set fits"),
        "{}",
        ran.out
    );
    assert!(all_canceled(&shop));
}

#[test]
fn nothing_is_bought_before_somebody_says_yes_and_what_stays_is_named() {
    let shop = of(Idempotency::Honour, 0);
    let words = ["probe", "--product", PRODUCT];
    assert_eq!(shop.types(&words).exit, Exit::Declined);
    let ran = shop.session(&words, ASKED, "n\n");
    assert_eq!(ran.exit, Exit::Declined);
    assert!(ran.err.contains("what Wix charges for that, it charges"), "{}", ran.err);
    assert_eq!(shop.created(), 0);
    let other = "00000000-0000-4000-8000-000000000001";
    let ran = shop.types(&["probe", "--product", other, "--yes"]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("look at --product"), "{}", ran.err);
    // A cancel that Wix refuses leaves something that costs money: a person is told which.
    shop.strike(FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::CancelPackage,
            wix_sandbox::Effect::ErrorBefore {
                status: 500,
                code: None,
            },
        )
    });
    let ran = shop.types(&[&words[..], &["--yes"]].concat());
    assert_eq!(ran.exit, Exit::Failed);
    assert!(
        ran.err.contains("could not be canceled") && ran.err.contains("paid for until then"),
        "{}",
        ran.err
    );
}
