//! The fulfilment of orders: what it is made of.

use super::held::Seen;
use crate::catalog::Catalog;
use crate::fulfilment::settings::Settings;

/// The fulfilment of orders, over the ports that it is given.
#[derive(Debug)]
pub struct Fulfilment<W, L, C> {
    pub(in crate::fulfilment) wix: W,
    pub(in crate::fulfilment) ledger: L,
    pub(in crate::fulfilment) clock: C,
    pub(super) catalog: Result<Catalog, String>,
    pub(in crate::fulfilment) settings: Settings,
    /// The limit of calls as this process saw it last.
    pub(super) seen: Seen,
}

impl<W, L, C> Fulfilment<W, L, C> {
    /// A fulfilment. `catalog` may be the reason why it cannot be read: then events are merged and nothing is called.
    pub const fn new(wix: W, ledger: L, clock: C, catalog: Result<Catalog, String>, settings: Settings) -> Self {
        Self {
            wix,
            ledger,
            clock,
            catalog,
            settings,
            seen: Seen::new(),
        }
    }

    /// The clock that was given.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// The ledger that was given.
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }

    /// The port to Wix that was given.
    pub const fn wix(&self) -> &W {
        &self.wix
    }
}
