//! The pages that are made: docs/cli.md from the help, and the report for people without a shell.

use reseller::page::{Day, Days, html};
use reseller_hooks::time::Timestamp;
use serde_json::{Value, json};

use super::questions::refused;
use super::shop::Shop;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

#[test]
fn the_page_of_the_command_line_is_made_from_its_help() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md")).unwrap();
    assert!(
        page == reseller::help::page(),
        "docs/cli.md is not what the help says: cargo run --all-features --example page > docs/cli.md"
    );
}

fn attention(orders: usize) -> Value {
    let order = |at: usize| {
        json!({
            "key": format!("shopify/{at}"),
            "since": "2027-01-01T00:00:00.000Z",
            "items": [{
                "what": "base package b1",
                "code": if at.is_multiple_of(3) { "PRODUCT_NOT_FOUND" } else { "NOT_PLANNED" },
                "advice": "the catalog has no SKU <X> & no other: add it, then retry the order",
                "id": "0123456789",
                "command": format!("reseller order retry shopify/{at}"),
            }],
        })
    };
    json!({ "orders": (0..orders).map(order).collect::<Vec<_>>(), "more": false })
}

fn status(orders: usize) -> Value {
    json!({ "in_attention": orders, "due": 0, "paused": false, "queues": [{ "queue": "parked", "visible": 0, "in_flight": 0 }] })
}

fn page(orders: usize) -> String {
    let day = |at: u32| Day {
        date: format!("2027-01-{:02}", at + 1),
        orders: at % 7,
        packages: at % 9,
    };
    let days = Days {
        days: (0..30).map(day).collect(),
        is_whole: true,
    };
    html(&status(orders), &attention(orders), &days, "reseller-hooks", NOW)
}

#[test]
fn the_report_stands_for_itself_with_none_one_and_ten_thousand_orders() {
    for (orders, title) in [
        (0, "<h1>No order needs a person</h1>"),
        (1, "<h1>1 order needs a person</h1>"),
        (10_000, "<h1>10000 orders or more need a person</h1>"),
    ] {
        let page = page(orders);
        assert!(page.contains(title), "{title}");
        // One file: nothing is fetched, nothing runs.
        for outside in ["http:", "https:", "<script", "<link", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.len() < 1_000_000, "{} bytes", page.len());
        assert_eq!(page.matches("<section>").count(), page.matches("</section>").count());
    }
    let page = page(10_000);
    assert!(page.contains("6666 problems") && page.contains("3334 problems"));
    assert!(page.contains("and 6616 more"));
    assert!(page.contains("&lt;X&gt; &amp; no other") && !page.contains("<X>"));
}

#[test]
fn a_day_without_an_order_is_a_gap_in_the_plot_and_a_ledger_that_is_too_large_is_said() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let file = shop.file("report.html");
    shop.types(&["report", "--html", file.to_str().unwrap()]).done();
    let page = std::fs::read_to_string(&file).unwrap();
    assert_eq!(page.matches("<rect").count(), 60, "thirty days, two bars each");
    let days = Days {
        days: vec![Day {
            date: "2027-01-01".to_owned(),
            orders: 1,
            packages: 2,
        }],
        is_whole: false,
    };
    let page = html(&status(0), &attention(0), &days, "reseller-hooks", NOW);
    assert!(page.contains("The ledger has more orders than were read for this."));
    assert!(page.contains("The tallest bar is 2."));
}

#[test]
fn the_report_has_the_numbers_of_the_status_and_nobodys_data() {
    let shop = Shop::new();
    shop.strike(refused());
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let file = shop.file("report.html");
    shop.types(&["report", "--html", file.to_str().unwrap()]).done();
    let page = std::fs::read_to_string(&file).unwrap();
    let in_attention = &shop.types(&["status", "-o", "json"]).done().json()["in_attention"];
    assert_eq!(in_attention, 1);
    assert!(page.contains("<h1>1 order needs a person</h1>"));
    assert!(page.contains("PRODUCT_NOT_FOUND"));
    assert!(page.contains("placed, 1 in all. Outlined: the packages that they have, 0 in all."));
    // What the status says in a line stands here, too; ages change from one second to the next.
    let status = shop.types(&["status"]).done().out;
    let is_said = |line: &&str| line.starts_with("ok") || line.starts_with("!!");
    for line in status.lines().filter(is_said) {
        let said = line[4..].split(" for ").next().unwrap();
        assert!(page.contains(said.trim()), "{said}: {page}");
    }
    for private in ["Sample", "@example", "sandbox-api-key"] {
        assert!(!page.contains(private), "{private}");
    }
}
