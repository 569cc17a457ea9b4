//! What holds for every parser that sees the outside, whatever bytes it is given. The fuzz targets in `fuzz/` and the
//! tests beside this crate call the same functions; a broken promise is a panic that says which.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "this crate is run by tests only: what cannot go on there shall say so and stop"
)]

mod catalog;
mod deliveries;
mod events;
mod secrets;
mod taint;
mod wix;

pub use catalog::catalog;
pub use deliveries::{shopify, standard, stripe, wix_ecommerce, woocommerce};
pub use events::order_event;
pub use secrets::secret;
pub use wix::wix_response;

/// A parser, with what it is fed.
#[derive(Debug, Clone, Copy)]
pub struct Parser {
    /// The name of the fuzz target, and of the folder in `fuzz/regressions`.
    pub name: &'static str,
    /// What it is to be tried with: files, and folders whose files are meant, from the root of the repository.
    pub seeds: &'static [&'static str],
    /// Feeds it these bytes, in every role that they can have, and panics where a promise is broken.
    pub check: fn(&[u8]),
}

/// All of them.
pub const PARSERS: [Parser; 9] = [
    Parser {
        name: "shopify",
        seeds: &["events/shopify"],
        check: shopify,
    },
    Parser {
        name: "woocommerce",
        seeds: &["events/woocommerce"],
        check: woocommerce,
    },
    Parser {
        name: "stripe",
        seeds: &["events/stripe"],
        check: stripe,
    },
    Parser {
        name: "standard",
        seeds: &["events/standard", "fuzz/seeds/standard"],
        check: standard,
    },
    Parser {
        name: "wix_ecommerce",
        seeds: &["events/wix", "fuzz/seeds/wix_ecommerce"],
        check: wix_ecommerce,
    },
    Parser {
        name: "catalog",
        seeds: &["catalog/catalog.toml", "fuzz/seeds/catalog"],
        check: catalog,
    },
    Parser {
        name: "wix_response",
        seeds: &["fuzz/seeds/wix_response"],
        check: wix_response,
    },
    Parser {
        name: "order_event",
        seeds: &["fuzz/seeds/order_event"],
        check: order_event,
    },
    Parser {
        name: "secret",
        seeds: &["events/secrets.json", "fuzz/seeds/secret"],
        check: secret,
    },
];
