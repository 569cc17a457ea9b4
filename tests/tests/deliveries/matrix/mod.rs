//! `docs/storefronts/matrix.md`, cell by cell: each is delivered, and it is looked at what Wix and the ledger then hold.
//! A storefront adds its cells as rows of a file here.

mod shopify;
mod standard;
mod stripe;
mod voice;
mod wix;
mod woocommerce;

use std::collections::BTreeSet;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks_tests::post::Post;
use reseller_hooks_tests::world::violations;

use super::shop::{Body, Shop};

const MATRIX: &str = include_str!("../../../../docs/storefronts/matrix.md");

/// The columns of the page.
const ALL: [StorefrontKind; 5] = [
    StorefrontKind::Shopify,
    StorefrontKind::Wix,
    StorefrontKind::Woocommerce,
    StorefrontKind::Stripe,
    StorefrontKind::Standard,
];

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Something changes at Wix, and nobody has to look.
    Done,
    /// Nothing changes at Wix, and nobody has to look.
    Recorded,
    /// A person sees the order with one of these codes, or the parked delivery.
    Person(&'static [&'static str]),
}

impl Word {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Recorded => "recorded",
            Self::Person(_) => "person",
        }
    }
}

/// One delivery of a cell, and what it is told after.
pub(super) struct Cell {
    kind: &'static str,
    word: Word,
    before: Shop,
    key: String,
    deliveries: Vec<(&'static str, Body)>,
    holds: Vec<(&'static str, usize, usize)>,
}

impl Cell {
    /// What a shop that has told this much says next, of the order with this key.
    pub(super) fn new(kind: &'static str, word: Word, before: Shop, key: &str) -> Self {
        Self {
            kind,
            word,
            before,
            key: key.to_owned(),
            deliveries: Vec::new(),
            holds: Vec::new(),
        }
    }

    /// Delivered after that.
    pub(super) fn told(mut self, topic: &'static str, body: Body) -> Self {
        self.deliveries.push((topic, body));
        self
    }

    /// The same in a storefront's words.
    pub(super) fn hears(self, (topic, body): &voice::Told) -> Self {
        self.told(topic, body.clone())
    }

    /// Afterwards the customer has so many of an SKU, of which so many are on a site.
    pub(super) fn holds(mut self, sku: &'static str, alive: usize, on_site: usize) -> Self {
        self.holds.push((sku, alive, on_site));
        self
    }

    fn check(self) {
        let name = format!("{}: {}", self.before.kind, self.kind);
        let world = &self.before.deployment.world;
        let before = world.holdings();
        for (topic, body) in &self.deliveries {
            let deployment = &self.before.deployment;
            let post = Post::signed(self.before.kind, topic, &body.0.to_string(), deployment.now());
            // WooCommerce sends it with everything, and nobody else does.
            deployment.post(&post.header("x-wc-webhook-source", "https://shop.example.com/"));
        }
        let parked: Vec<_> = self
            .before
            .deployment
            .shelf()
            .messages
            .extract_if(.., |message| message.queue == "parked")
            .collect();
        self.before.deployment.settle();
        let changed = world.holdings() != before;
        let known = world.ledger.entries().iter().any(|entry| entry.key == self.key);
        let seen: BTreeSet<String> = match known {
            true => world.attention(&self.key).into_iter().collect(),
            false => BTreeSet::new(),
        };
        for (sku, alive, on_site) in &self.holds {
            let held = (world.alive(sku), world.on_site(sku));
            assert_eq!(held, (*alive, *on_site), "{name}: {sku} (alive, on a site)");
        }
        match self.word {
            Word::Done => assert!(
                changed && seen.is_empty() && parked.is_empty(),
                "{name}: {changed}, {seen:?}"
            ),
            Word::Recorded => assert!(
                !changed && seen.is_empty() && parked.is_empty(),
                "{name}: {changed}, {seen:?}"
            ),
            Word::Person([]) => assert!(!changed && !parked.is_empty(), "{name}: {changed}"),
            Word::Person(codes) => {
                assert!(codes.iter().any(|code| seen.contains(*code)), "{name}: {seen:?}");
                assert_eq!(parked, [], "{name}");
            }
        }
        assert_eq!(violations(world), Vec::<String>::new(), "{name}");
    }
}

/// Catalog keys with which a change of plan or site is carried out.
const CHANGING: &str = "on_plan_change = \"adjust\"\non_site_change = \"move\"";

/// Another site of the buyer.
const OTHER_SITE: &str = "c10cf845-bf18-4c10-8428-c4e5c7a39744";

/// Nobody can read it, so the delivery is kept.
pub(super) const PARKED: Word = Word::Person(&[]);

fn cells(kind: StorefrontKind) -> Vec<Cell> {
    match kind {
        StorefrontKind::Shopify => shopify::cells(),
        StorefrontKind::Wix => wix::cells(),
        StorefrontKind::Standard => standard::cells(),
        StorefrontKind::Woocommerce => woocommerce::cells(),
        StorefrontKind::Stripe => stripe::cells(),
    }
}

/// The kinds of the page with the cell of a storefront: its word, and what follows the colon.
fn column(kind: StorefrontKind) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut rows = MATRIX.lines().filter(|line| line.starts_with("| "));
    let split =
        |row: &'static str| -> Vec<&'static str> { row.trim_matches('|').split(" | ").map(str::trim).collect() };
    let head = split(rows.next().expect("the matrix has a head"));
    let at = head.iter().position(|name| name.eq_ignore_ascii_case(kind.as_str()));
    let at = at.expect("the storefront has a column");
    let rows = rows.filter(|row| !row.starts_with("| ---"));
    rows.map(|row| {
        let row = split(row);
        let (word, why) = row[at].split_once(": ").unwrap_or((row[at], ""));
        (row[0], word, why)
    })
    .collect()
}

#[test]
fn every_cell_of_the_matrix_is_one_of_four_words_with_its_reason() {
    for kind in ALL {
        for (row, word, why) in column(kind) {
            let known = ["done", "recorded", "person", "cannot"].contains(&word);
            assert!(known && !why.is_empty(), "{kind}: {row}: {word:?}");
        }
    }
}

#[test]
fn every_cell_of_the_matrix_has_a_delivery_and_no_other_is_claimed() {
    for kind in ALL {
        let delivered = cells(kind);
        let claims: BTreeSet<(&str, &str)> = delivered.iter().map(|cell| (cell.kind, cell.word.as_str())).collect();
        let page = column(kind);
        let said: BTreeSet<(&str, &str)> = page
            .iter()
            .map(|(row, word, _)| (*row, *word))
            .filter(|(_, word)| *word != "cannot")
            .collect();
        assert_eq!(claims, said, "{kind}");
    }
}

fn does_what_its_column_says(kind: StorefrontKind) {
    cells(kind).into_iter().for_each(Cell::check);
}

#[test]
fn shopify_does_what_its_column_says() {
    does_what_its_column_says(StorefrontKind::Shopify);
}

#[test]
fn wix_does_what_its_column_says() {
    does_what_its_column_says(StorefrontKind::Wix);
}

#[test]
fn woocommerce_does_what_its_column_says() {
    does_what_its_column_says(StorefrontKind::Woocommerce);
}

#[test]
fn stripe_does_what_its_column_says() {
    does_what_its_column_says(StorefrontKind::Stripe);
}

#[test]
fn standard_does_what_its_column_says() {
    does_what_its_column_says(StorefrontKind::Standard);
}
