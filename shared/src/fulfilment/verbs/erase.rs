//! `erase`: the data of an order that has ended goes, and a mark stays.

use super::By;

/// An operator's erasure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erase {
    /// Who erases it, and why.
    pub who: By,
}

/// What erasing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasedNow {
    /// Its data is gone.
    Now,
    /// It was erased before.
    Before,
    /// Wix has not taken the storefront's reference back yet: it is tried by itself, and the verb has to be said again.
    Waiting,
}
