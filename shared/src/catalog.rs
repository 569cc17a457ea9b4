//! The reseller's catalog.

/// The catalog.
#[derive(Debug)]
pub struct Catalog;
