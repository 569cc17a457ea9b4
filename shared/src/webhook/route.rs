//! Which storefront, and which of its shops, a request is for.

use http::Method;

use crate::order::{ShopName, StorefrontKind};

/// `POST /webhooks/{storefront}` or `POST /webhooks/{storefront}/{shop}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Whose signature and format are expected.
    pub storefront: StorefrontKind,
    /// Whose secrets are tried: all of the storefront's when none is named.
    pub shop: Option<ShopName>,
}

impl Route {
    /// The path of a route of which API Gateway has read the parameters. What it received may have a prefix: a custom
    /// domain's mapping, or the name of a stage.
    pub fn path(storefront: &str, shop: Option<&str>) -> String {
        match shop.filter(|shop| !shop.is_empty()) {
            Some(shop) => format!("/webhooks/{storefront}/{shop}"),
            None => format!("/webhooks/{storefront}"),
        }
    }

    /// `None` for everything else. A slash at the end is forgiven: shop owners paste addresses.
    pub fn parse(method: &Method, path: &str) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        let rest = path.strip_prefix("/webhooks/")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (storefront, shop) = match rest.split_once('/') {
            Some((storefront, shop)) => (storefront, Some(shop.parse().ok()?)),
            None => (rest, None),
        };
        Some(Self {
            storefront: storefront.parse().ok()?,
            shop,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storefront_and_a_shop_are_read() {
        for (path, storefront, shop) in [
            ("/webhooks/shopify", StorefrontKind::Shopify, None),
            ("/webhooks/wix/", StorefrontKind::Wix, None),
            ("/webhooks/standard/north", StorefrontKind::Standard, Some("north")),
            (
                "/webhooks/woocommerce/north/",
                StorefrontKind::Woocommerce,
                Some("north"),
            ),
        ] {
            let route = Route::parse(&Method::POST, path).unwrap();
            assert_eq!(route.storefront, storefront, "{path}");
            assert_eq!(route.shop.as_ref().map(ShopName::as_str), shop, "{path}");
        }
    }

    #[test]
    fn the_parameters_of_a_route_make_its_path() {
        for (shop, path) in [
            (None, "/webhooks/woocommerce"),
            (Some(""), "/webhooks/woocommerce"),
            (Some("north"), "/webhooks/woocommerce/north"),
        ] {
            assert_eq!(Route::path("woocommerce", shop), path);
            assert!(Route::parse(&Method::POST, path).is_some());
        }
        // Parameters are what somebody sent.
        for (storefront, shop) in [("../x", None), ("shopify", Some("a/b")), ("", None)] {
            assert_eq!(Route::parse(&Method::POST, &Route::path(storefront, shop)), None);
        }
    }

    #[test]
    fn everything_else_is_no_route() {
        for path in [
            "",
            "/",
            "/webhooks",
            "/webhooks/",
            "/webhooks//",
            "/webhooks/magento",
            "/webhooks/Shopify",
            "/webhooks/shopify/North",
            "/webhooks/shopify/a/b",
            "/webhooks/shopify/..",
            "/hooks/shopify",
            "webhooks/shopify",
        ] {
            assert_eq!(Route::parse(&Method::POST, path), None, "{path:?}");
        }
        assert_eq!(Route::parse(&Method::GET, "/webhooks/shopify"), None);
    }
}
