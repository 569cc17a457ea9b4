//! Where the products of an order or a line go, as the buyer or the shop wrote it.

use serde::{Deserialize, Serialize};

/// What an order or a line says of where its products go, as the buyer or the shop wrote it: trimmed, cut to
/// [`Fields::MAX_BYTES`] (the reference to [`Fields::MAX_CHARS`]), not yet checked. A value that cannot be used is
/// attention, not an error here.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// The Wix account to buy for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Wix site to assign to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The buyer's country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The storefront's own reference, which packages are tagged with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl Fields {
    /// The longest account, site and country that are kept, in bytes: buyers write them, and records have a limit.
    pub const MAX_BYTES: usize = 64;
    /// The longest reference of an order that is kept, in characters.
    pub const MAX_CHARS: usize = 300;
    /// The longest reference of a line that is kept, in characters.
    #[cfg(feature = "storefront")]
    const MAX_LINE_CHARS: usize = 100;

    /// Cuts the reference to what a line keeps of it.
    #[cfg(feature = "storefront")]
    pub(crate) fn shorten_reference(&mut self) {
        if let Some(reference) = &mut self.external_id
            && let Some((end, _)) = reference.char_indices().nth(Self::MAX_LINE_CHARS)
        {
            reference.truncate(end);
        }
    }

    /// About how many bytes it takes as JSON.
    #[cfg(feature = "fulfilment")]
    pub(crate) fn weight(&self) -> usize {
        let fields = [&self.account, &self.site, &self.country, &self.external_id];
        fields.into_iter().flatten().map(|field| field.len() + 16).sum()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
