//! What the demo's catalog has beside the repository's.

/// What is added to the repository's catalog.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sells {
    /// Keys of `[defaults]`.
    pub(crate) defaults: &'static str,
    /// More products.
    pub(crate) products: &'static str,
}
