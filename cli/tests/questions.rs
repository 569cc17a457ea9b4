//! What is asked: the status, what needs a person, lists, and an order as a story.

use reseller::{Exit, Terminal};
use serde_json::json;
use wix_sandbox::{Effect, FaultRule, Operation};

use super::aws::{Cloud, with_credentials};
use super::shop::{Shop, normal, sample};

const KEY: &str = "shopify/9007199254740993";

pub(crate) fn refused() -> FaultRule {
    FaultRule {
        times: u32::MAX,
        ..FaultRule::on(
            Operation::CreatePackage,
            Effect::RejectCode {
                code: "PRODUCT_NOT_FOUND".to_owned(),
            },
        )
    }
}

#[test]
fn a_settled_ordinary_order_fits_a_screen() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let shown = shop.types(&["order", "show", KEY]).done().out;
    assert!(shown.lines().count() <= 40, "{shown}");
    let shown = normal(&shown);
    for part in [
        "shopify/9007199254740993",
        "The shop said",
        " × PREMIUM-1Y",
        "package b1: GUID",
        "voucher v1: GUID",
        "instance GUID on site GUID",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn an_order_is_found_by_the_number_that_a_customer_would_say() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let body = std::fs::read_to_string(sample("shopify/orders_paid.json")).unwrap();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let number = body["name"].as_str().unwrap();
    for said in [number, number.trim_start_matches('#'), "9007199254740993"] {
        let shown = shop.types(&["order", "show", said]).done().out;
        assert!(shown.starts_with(KEY), "{said}: {shown}");
    }
}

#[test]
fn what_is_not_there_is_said_with_what_to_type() {
    let shop = Shop::new();
    for words in [["order", "show", "#777"], ["order", "show", "shopify/777"]] {
        let ran = shop.types(&words);
        assert_eq!(ran.exit, Exit::NotFound, "{}", ran.err);
        assert_eq!(ran.out, "");
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
    let ran = shop.types(&["order", "retyr", KEY]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("retry"), "{}", ran.err);
}

#[test]
fn nothing_to_do_is_said_in_few_words() {
    let shop = Shop::new();
    let status = shop.types(&["status", "--exit-code"]).done().out;
    assert!(status.contains("ok  no order needs a person"), "{status}");
    assert!(status.contains("ok  no order is late"), "{status}");
    assert!(status.contains("order-paid"), "{status}");
    let attention = shop.types(&["attention", "--exit-code"]).done();
    assert_eq!(attention.out, "");
    assert_eq!(attention.err, "nothing needs a person\n");
}

#[test]
fn what_needs_a_person_has_its_code_its_sentence_and_its_command() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let attention = shop.types(&["attention", "--exit-code"]);
    assert_eq!(attention.exit, Exit::Attention);
    let shown = normal(&attention.out);
    assert!(
        shown.contains("  PRODUCT_NOT_FOUND  base package b1  PROBLEM\n"),
        "{shown}"
    );
    assert!(shown.contains(&format!("    reseller order retry {KEY}\n")), "{shown}");
    assert_eq!(attention.err, "1 order\n");
    let status = shop.types(&["status", "--exit-code"]);
    assert_eq!(status.exit, Exit::Attention);
    assert!(status.out.contains("!!  1 order needs a person"), "{}", status.out);
    let others = shop.types(&["attention", "--storefront", "stripe"]).done();
    assert_eq!(others.err, "nothing needs a person\n");
    let others = shop.types(&["attention", "--code", "SOMETHING_ELSE"]).done();
    assert_eq!(
        others.err,
        "no problem with the code SOMETHING_ELSE is there: the codes now: PRODUCT_NOT_FOUND\n"
    );
}

#[test]
fn a_pause_and_a_broken_catalog_are_a_status_of_their_own() {
    let shop = Shop::new();
    shop.set("PAUSED", "true");
    let status = shop.types(&["status", "--exit-code"]);
    assert_eq!(status.exit, Exit::Stopped);
    assert!(status.out.contains("paused"), "{}", status.out);
    let shop = Shop::new();
    shop.write_catalog("[defaults]\ncolor = \"red\"\n");
    let status = shop.types(&["status", "--exit-code"]);
    assert_eq!(status.exit, Exit::Stopped);
    assert!(status.out.contains("reseller catalog check"), "{}", status.out);
}

// Tried with fresh eyes: a revoked key blames no order, and the status said that all is well.
#[test]
fn an_outage_that_blames_no_order_is_in_the_status_all_the_same() {
    let shop = Shop::new();
    let good = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../local/secret.json")).unwrap();
    shop.keeps(&good.replace("sandbox-api-key", "revoked"));
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let status = shop.types(&["status", "-o", "json"]).done().json();
    assert_eq!(status["unsettled"], 1, "{status:#}");
    assert_eq!((&status["in_attention"], &status["due"]), (&json!(0), &json!(0)));
    // An order takes a while: what is young is not told.
    assert!(!shop.types(&["status"]).done().out.contains("not done"));
    // The other side of that is told by a stack of which the answer is made up: this clock cannot be moved.
    let cloud = Cloud::of(|_, head| {
        let old = r#"{"schema":1,"at":"2026-01-01T00:00:00Z","paused":false,"in_attention":0,"due":0,"queues":[],
            "unsettled":1,"unsettled_since":"2026-01-01T00:00:00Z"}"#;
        let stack =
            "<Outputs><member><OutputKey>InspectFunction</OutputKey><OutputValue>i</OutputValue></member></Outputs>";
        (
            200,
            "",
            if head.contains("/functions/") { old } else { stack }.to_owned(),
        )
    });
    let said = with_credentials(&cloud, &["status"]).done().out;
    assert!(
        said.contains("!!  1 order is not done and tried again by itself"),
        "{said}"
    );
    assert!(said.contains("      reseller doctor\n"), "{said}");
}

#[test]
fn messages_that_no_worker_takes_are_in_the_status() {
    let shop = Shop::new();
    let paid = sample("shopify/orders_paid.json");
    let send = [
        "send",
        paid.to_str().unwrap(),
        "--storefront",
        "shopify",
        "--topic",
        "orders/paid",
    ];
    shop.types(&send).done();
    let status = shop.types(&["status"]).done().out;
    assert!(status.contains("ok  1 message waits for a worker"), "{status}");
}

#[test]
fn orders_are_listed_in_columns_and_go_on_where_the_list_stopped() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let body = std::fs::read_to_string(sample("shopify/orders_paid.json")).unwrap();
    let other = body.replace("9007199254740993", "9007199254740999");
    shop.sells_body(&other.replace("918aa943", "918aa949"), "orders/paid");
    let first = shop.types(&["order", "list", "--limit", "1"]).done();
    assert!(first.out.starts_with("ORDER "), "{}", first.out);
    assert_eq!(first.out.lines().count(), 2, "{}", first.out);
    let after = first.err.trim().rsplit(' ').next().unwrap().to_owned();
    let second = shop.types(&["order", "list", "--limit", "1", "--after", &after]).done();
    assert_ne!(first.out, second.out);
    assert!(
        second.out.contains("settled") || second.out.contains("waiting"),
        "{}",
        second.out
    );
}

#[test]
fn colours_are_for_those_who_look() {
    let shop = Shop::new();
    let looks = Terminal {
        is_out: true,
        ..Terminal::default()
    };
    let plain = Terminal {
        no_color: true,
        ..looks
    };
    assert!(shop.session(&["status"], looks, "").out.contains('\u{1b}'));
    assert!(!shop.session(&["status"], plain, "").out.contains('\u{1b}'));
    assert!(!shop.types(&["status"]).out.contains('\u{1b}'));
}

#[test]
fn a_catalog_is_checked_without_any_backend() {
    let shop = Shop::new();
    let file = shop.file("catalog.toml");
    let file = file.to_str().unwrap();
    let ran = shop.types(&["catalog", "check", file]).done();
    assert!(ran.out.contains("nothing wrong"), "{}", ran.out);
    shop.write_catalog("[defaults]\ncolor = \"red\"\n[[product]]\nsku = \"\"\n");
    let ran = shop.types(&["catalog", "check", file]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.out.contains("color"), "{}", ran.out);
    let ran = shop.types(&["catalog", "check", "/nowhere/catalog.toml"]);
    assert_eq!(ran.exit, Exit::NotFound);
}

#[test]
fn the_help_of_every_shell_and_command_is_there() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            shop.types(&["completion", shell]).done().out.contains("reseller"),
            "{shell}"
        );
    }
    assert!(shop.types(&["--help"]).done().out.contains("attention"));
    assert_eq!(shop.types(&[]).exit, Exit::Usage);
}

#[test]
fn secrets_are_checked_and_none_is_printed() {
    let shop = Shop::new();
    let ran = shop.types(&["secrets", "check"]).done();
    assert!(ran.out.contains("Wix takes the key"), "{}", ran.out);
    let file = shop.file("secret.json");
    let secret = r#"{ "wix": { "api_key": "hidden-key", "account_id": "5a5db0c5-0000-4000-8000-000000000001" },
        "storefronts": { "shopfy": { "secrets": ["hidden-1"] }, "stripe": { "secrets": "hidden-2" } } }"#;
    std::fs::write(&file, secret).unwrap();
    shop.set("SECRET_URL", &format!("file://{}", file.display()));
    let ran = shop.types(&["secrets", "check"]);
    assert_eq!(ran.exit, Exit::Failed);
    for part in ["Wix does not take the key", "shopfy", "stripe"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(
        !ran.out.contains("hidden") && !ran.err.contains("hidden"),
        "{}",
        ran.out
    );
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(
        shop.types(&["secrets", "check"]).exit,
        Exit::Failed,
        "the placeholder of a deployment"
    );
}

#[test]
fn two_catalogs_are_compared_by_sku() {
    let shop = Shop::new();
    let (file, other) = (shop.file("catalog.toml"), shop.file("other.toml"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&other, text.replace("\"PREMIUM-1Y\"", "\"PREMIUM-2Y\"")).unwrap();
    let words = ["catalog", "diff", other.to_str().unwrap(), file.to_str().unwrap()];
    let ran = shop.types(&words).done();
    assert!(
        ran.out.contains("+ PREMIUM-2Y\n") && ran.out.contains("- PREMIUM-1Y\n"),
        "{}",
        ran.out
    );
    let same = ["catalog", "diff", file.to_str().unwrap(), file.to_str().unwrap()];
    assert_eq!(shop.types(&same).done().err, "both sell the same\n");
}

#[test]
fn what_is_paid_for_and_serves_nobody_is_listed_with_whose_it_is() {
    let shop = Shop::new();
    assert_eq!(shop.types(&["paid-for"]).done().out, "");
    shop.sells("shopify/orders_paid.json", "orders/paid");
    // Two of three units are on no site: a site takes one product of a kind.
    let listed = shop.types(&["paid-for"]).done().out;
    assert!(
        listed.contains(KEY) && listed.contains("wanted, and on no site yet"),
        "{listed}"
    );
}

/// As a customer, the shop's page, or a tired person would say it.
#[test]
fn an_order_is_shown_by_what_people_say_of_it() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    for said in [
        "#2001",
        " #2001 ",
        "# 2001",
        "order 2001",
        "shopify/2001",
        "shopify/#2001",
        "gid://shopify/Order/9007199254740993",
        "https://admin.shopify.com/store/sample/orders/9007199254740993?link=1",
        "9007199254740993",
    ] {
        let shown = shop.types(&["order", "show", said]).done().out;
        assert!(shown.starts_with(KEY), "{said}: {shown}");
    }
    for (words, tip) in [
        (["retry", "#2001"], "reseller order retry"),
        (["order", "#2001"], "reseller order show '#2001'"),
    ] {
        let ran = shop.types(&words);
        assert_eq!(ran.exit, Exit::Usage);
        assert!(ran.err.contains(&format!("did you mean: {tip}")), "{}", ran.err);
    }
}
