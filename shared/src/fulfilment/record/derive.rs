//! What is derived from an order and never drawn by chance: the idempotency keys of its calls and the external IDs of
//! its packages. The same order gives the same ones on every machine and after every crash.

use uuid::Uuid;

use super::{Kind, Purchase, PurchaseId};
use crate::ids::{ExternalId, IdempotencyKey, InstanceId};
use crate::order::OrderKey;

/// The namespace of the keys: a random GUID, drawn once and never changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x7f6b_2d0e_93a1_4c58_b0d4_1e5a_6c97_38f2);

/// What every external ID that we derive begins with. References of a storefront that begin so are refused.
pub const PREFIX: &str = "rh-";

/// The first base purchase of an order.
pub const FIRST: PurchaseId = PurchaseId {
    kind: Kind::Base,
    ordinal: 1,
};

/// The key of a create: the same for every repetition of one generation of one purchase.
pub(crate) fn create_key(order: &OrderKey, purchase: &Purchase) -> Option<IdempotencyKey> {
    let name = format!(
        "{order}\n{}\n{}\n{}",
        purchase.account(),
        purchase.id(),
        purchase.generation()
    );
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string().parse().ok()
}

/// The key of the `count`th begun change of one instance. A second cancellation has another one than the first, or
/// Wix would replay the first's answer.
pub(crate) fn operation_key(instance: &InstanceId, count: u32) -> Option<IdempotencyKey> {
    format!("{instance}-{count}").parse().ok()
}

/// The external ID that a package is created with and looked up by: `rh-<storefront>-<order>-b1`, or with `-v1` for a
/// voucher package. Where the order's ID has other characters than `A-Z a-z 0-9 . _ ~ -` or is too long, a hash stands
/// for it. Ordinals are counted over all Wix accounts of an order, so that it is unique among its packages.
pub fn external_id(order: &OrderKey, id: PurchaseId) -> Option<ExternalId> {
    let suffix = format!("-{id}");
    let shop = order.shop().map(|shop| format!("{shop}~")).unwrap_or_default();
    let plain = format!("{PREFIX}{}-{shop}{}{suffix}", order.storefront(), order.order());
    let unreserved = plain
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte));
    if unreserved && plain.len() <= 100 {
        return plain.parse().ok();
    }
    let hash = Uuid::new_v5(&NAMESPACE, order.to_string().as_bytes()).simple();
    format!("{PREFIX}{}-h~{hash}{suffix}", order.storefront()).parse().ok()
}

/// What the external IDs of an order's packages begin with: all but `-b1`, `-v2` and so on.
pub(crate) fn stem(order: &OrderKey) -> Option<String> {
    let first = external_id(order, FIRST)?;
    split(first.as_str()).map(|(stem, _)| stem.to_owned())
}

/// Takes an external ID that looks like one of ours apart: what it begins with, and the purchase.
pub(crate) fn split(external_id: &str) -> Option<(&str, PurchaseId)> {
    let (stem, id) = external_id.rsplit_once('-')?;
    stem.starts_with(PREFIX).then_some((stem, id.parse().ok()?))
}

/// What a package of an order is tagged with when the storefront's own reference is `reference`: the reference itself
/// for the first base package, and with `-b2`, `-v1`, … for the others. What would be too long is cut, with a hash of
/// the whole, so that different references stay different. `Err` says why a reference cannot be used.
pub fn tag(reference: &str, id: PurchaseId) -> Result<ExternalId, String> {
    if reference == "." || reference == ".." {
        return Err("a reference of dots cannot stand in Wix's path: use another one".to_owned());
    }
    if reference.to_ascii_lowercase().starts_with(PREFIX) {
        return Err(format!(
            "the reference begins with {PREFIX:?}, which is kept for the IDs that this software makes"
        ));
    }
    let suffix = if id == FIRST { String::new() } else { format!("-{id}") };
    let room = 100 - suffix.len();
    let text = if reference.chars().count() <= room {
        format!("{reference}{suffix}")
    } else {
        let hash = Uuid::new_v5(&NAMESPACE, reference.as_bytes()).simple().to_string();
        let short: String = hash.chars().take(12).collect();
        let kept: String = reference.chars().take(room - 13).collect();
        format!("{kept}-{short}{suffix}")
    };
    text.parse()
        .map_err(|_: crate::ids::InvalidId| "the reference is no printable text: use another one".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_readable_where_it_can_be_and_a_hash_where_not() {
        let plain = external_id(&"shopify/5324830114101".parse().unwrap(), Kind::Base.number(1)).unwrap();
        assert_eq!(plain.as_str(), "rh-shopify-5324830114101-b1");
        let shop = external_id(&"standard/north/A.7".parse().unwrap(), Kind::Voucher.number(2)).unwrap();
        assert_eq!(shop.as_str(), "rh-standard-north~A.7-v2");
        let odd = external_id(&"standard/ö#1".parse().unwrap(), Kind::Base.number(1)).unwrap();
        assert!(
            odd.as_str().starts_with("rh-standard-h~") && odd.as_str().is_ascii(),
            "{odd}"
        );
        let long = OrderKey::new(crate::order::StorefrontKind::Standard, None, &"7".repeat(150)).unwrap();
        assert!(external_id(&long, Kind::Voucher.number(1_000)).unwrap().as_str().len() <= 100);
    }

    #[test]
    fn an_external_id_of_ours_is_taken_apart_and_no_other() {
        assert_eq!(
            split("rh-shopify-532-4-b12"),
            Some(("rh-shopify-532-4", Kind::Base.number(12)))
        );
        assert_eq!(split("rh-wix-a~b-v1"), Some(("rh-wix-a~b", Kind::Voucher.number(1))));
        for other in [
            "SUB-7-v1",
            "rh-shopify-1",
            "rh-shopify-1-b",
            "rh-shopify-1-b+1",
            "rh-shopify-1-x1",
            "",
        ] {
            assert_eq!(split(other), None, "{other}");
        }
        let odd: OrderKey = "standard/\u{f6}#1".parse().unwrap();
        let voucher = external_id(&odd, Kind::Voucher.number(7)).unwrap();
        assert_eq!(split(voucher.as_str()).map(|(stem, _)| stem.to_owned()), stem(&odd));
    }

    #[test]
    fn tags_are_told_apart_by_package_and_by_reference() {
        assert_eq!(tag("SUB-7", Kind::Base.number(1)).unwrap().as_str(), "SUB-7");
        assert_eq!(tag("SUB-7", Kind::Base.number(2)).unwrap().as_str(), "SUB-7-b2");
        assert_eq!(tag("SUB-7", Kind::Voucher.number(1)).unwrap().as_str(), "SUB-7-v1");
        let (long, longer) = ("a".repeat(120), "a".repeat(121));
        assert_ne!(
            tag(&long, Kind::Voucher.number(1)),
            tag(&longer, Kind::Voucher.number(1))
        );
        assert_eq!(tag(&long, Kind::Voucher.number(1)).unwrap().as_str().len(), 100);
    }

    #[test]
    fn references_that_would_be_dots_or_ours_are_refused() {
        for wrong in [".", "..", "rh-shopify-1-b1", "RH-x"] {
            assert!(tag(wrong, Kind::Base.number(1)).is_err(), "{wrong}");
        }
    }
}
