//! The shop's own addresses. A copy of a shop (a staging site) has its secret too, and what is signed says which host it
//! comes from; so each secret names the hosts that count.

use std::fmt;
use std::str::FromStr;

/// A host, such as `shop.example.com`; with a path, only the shop in that folder of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// In lower case; with a port where one is given.
    authority: String,
    /// The folder, without slashes around it; `Some("")` is the host's root.
    folder: Option<String>,
}

/// Not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a host: write it as it stands in the shop's address, such as \"shop.example.com\"")]
pub struct InvalidHost;

impl FromStr for Host {
    type Err = InvalidHost;

    /// Reads `shop.example.com`, `shop.example.com/folder`, or an address that was copied from the browser: with `https://`
    /// before it, and with what WordPress has behind a shop's folder.
    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let text = text.trim();
        let rest = without_scheme(text).or_else(|| text.strip_prefix("//")).unwrap_or(text);
        let (authority, path) = split(rest);
        let path = INSIDE
            .iter()
            .filter_map(|inside| path.find(inside))
            .min()
            .map_or(path.as_str(), |at| path.get(..at).unwrap_or_default());
        let labels = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
        let fits = |c: char| c.is_alphanumeric() || "-._[]:".contains(c);
        if labels.is_empty() || authority.len() > 260 || !authority.chars().all(fits) || path.contains(['?', '#']) {
            return Err(InvalidHost);
        }
        let folder = rest.contains('/').then(|| path.trim_matches('/').to_owned());
        Ok(Self { authority, folder })
    }
}

impl Host {
    /// Whether an address of a shop's page is on this host.
    pub(super) fn has_page(&self, address: &str) -> bool {
        let (authority, _) = split(without_scheme(address).unwrap_or(address));
        // A port counts only where it was written.
        let named_port = self.authority.contains(':');
        let bare = authority.split(':').next().unwrap_or_default();
        self.authority == if named_port { authority.as_str() } else { bare }
    }

    /// Whether an address of the REST API (`https://shop.example.com/wp-json/wc/v3/orders/7`) is of this shop.
    pub(super) fn has_api(&self, address: &str) -> bool {
        let Some(folder) = &self.folder else {
            return self.has_page(address);
        };
        let (_, path) = split(without_scheme(address).unwrap_or(address));
        self.has_page(address) && shop_folder(&path) == folder
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority)
    }
}

/// The host that an address names, for a sentence: cut, and without anything else of it but the shop's folder, as an entry
/// of `hosts` would name it.
pub(super) fn shown(address: &str) -> String {
    let (authority, path) = split(without_scheme(address).unwrap_or(address));
    let folder = if path.contains("/wc/v") { shop_folder(&path) } else { "" };
    let fits = |c: &char| c.is_alphanumeric() || "-._:/".contains(*c);
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{authority}{slash}{folder}")
        .chars()
        .filter(fits)
        .take(120)
        .collect()
}

fn without_scheme(address: &str) -> Option<&str> {
    address.trim().split_once("://").map(|(_, rest)| rest)
}

/// The authority in lower case, without user and final dot, and what follows it.
fn split(rest: &str) -> (String, String) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_lowercase();
    // What every client leaves out.
    let host = host
        .strip_suffix(":443")
        .or_else(|| host.strip_suffix(":80"))
        .unwrap_or(&host);
    (host.to_owned(), path.to_owned())
}

/// The folder before `/wp-json/wc/v3/…` or `?rest_route=/wc/v3/…`. The name of the API's own folder is the shop's choice.
fn shop_folder(path: &str) -> &str {
    let (folder, plain) = match path.split_once('?') {
        Some((folder, _)) => (folder, true),
        None => (path.split_once("/wc/v").map_or(path, |(before, _)| before), false),
    };
    let folder = folder.trim_matches('/');
    let folder = match (plain, folder.rsplit_once('/')) {
        (true, _) => folder,
        (false, Some((before, _))) => before,
        (false, None) => "",
    };
    folder.strip_suffix("index.php").unwrap_or(folder).trim_matches('/')
}

/// What of a copied address is no folder of the shop.
const INSIDE: [&str; 5] = ["/wp-json", "/wp-admin", "/wp-login.php", "/index.php", "/?rest_route="];

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_is_compared_whole_and_in_any_case() {
        for entry in [
            "shop.example.com",
            "Shop.Example.com",
            "https://shop.example.com",
            " http://shop.example.com\n",
        ] {
            let entry = host(entry);
            assert!(
                entry.has_api("https://SHOP.example.com/wp-json/wc/v3/orders/7"),
                "{entry}"
            );
            assert!(
                entry.has_api("https://shop.example.com:8443/wp-json/wc/v3/orders/7"),
                "{entry}"
            );
            assert!(
                entry.has_api("http://shop.example.com/de/wp-json/wc/v3/orders/7"),
                "{entry}"
            );
            assert!(entry.has_page("https://shop.example.com./checkout"), "{entry}");
            for other in [
                "https://staging.shop.example.com/wp-json/wc/v3/orders/7",
                "https://shop.example.com.evil.example/wp-json/wc/v3/orders/7",
                "https://shop.example.com@evil.example/wp-json/wc/v3/orders/7",
                "https://evil.example/shop.example.com/wp-json/wc/v3/orders/7",
                "/wp-json/wc/v3/orders/7",
                "",
            ] {
                assert!(!entry.has_api(other), "{entry}: {other}");
            }
        }
    }

    #[test]
    fn a_folder_tells_a_copy_in_the_same_host_apart() {
        let root = host("https://shop.example.com/");
        let folder = host("shop.example.com/store");
        for (address, at_root, in_folder) in [
            ("https://shop.example.com/wp-json/wc/v3/orders/7", true, false),
            ("https://shop.example.com/?rest_route=/wc/v3/orders/7", true, false),
            ("https://shop.example.com/index.php/wp-json/wc/v3/orders/7", true, false),
            ("https://shop.example.com/store/wp-json/wc/v3/orders/7", false, true),
            (
                "https://shop.example.com/store/index.php?rest_route=/wc/v3/orders/7",
                false,
                true,
            ),
            ("https://shop.example.com/staging/wp-json/wc/v3/orders/7", false, false),
        ] {
            assert_eq!(root.has_api(address), at_root, "{address}");
            assert_eq!(folder.has_api(address), in_folder, "{address}");
        }
    }

    #[test]
    fn an_address_copied_from_the_browser_names_its_shop() {
        const ORDER: &str = "https://shop.example.com/wp-json/wc/v3/orders/7";
        for entry in [
            "https://shop.example.com/wp-admin/admin.php?page=wc-settings",
            "https://shop.example.com/wp-json/wc/v3",
            "https://shop.example.com/?rest_route=/wc/v3",
            "https://shop.example.com/index.php",
            "//shop.example.com",
            "shop.example.com:443",
            "shop.example.com:80/",
        ] {
            assert!(host(entry).has_api(ORDER), "{entry}");
        }
        let folder = host("https://shop.example.com/store/wp-admin/");
        assert!(folder.has_api("https://shop.example.com:443/store/wp-json/wc/v3/orders/7"));
        assert!(!folder.has_api(ORDER));
    }

    #[test]
    fn a_foreign_address_is_shown_as_an_entry_would_name_it() {
        for (address, shows) in [
            ("https://Shop.example.com/wp-json/wc/v3/orders/7", "shop.example.com"),
            (
                "https://shop.example.com/staging/wp-json/wc/v3/orders/7",
                "shop.example.com/staging",
            ),
            (
                "https://shop.example.com/de/?rest_route=/wc/v3/orders/7",
                "shop.example.com/de",
            ),
            (
                "https://shop.example.com/checkout/order-pay/7/?key=wc_order_x",
                "shop.example.com",
            ),
        ] {
            assert_eq!(shown(address), shows);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            " ",
            "https://",
            "/shop",
            "shop example.com",
            "*",
            "shop.example.com?x=1",
            ":80",
        ] {
            assert_eq!(text.parse::<Host>(), Err(InvalidHost), "{text:?}");
        }
        assert!(host("localhost:8080").has_api("http://localhost:8080/wp-json/wc/v3/orders/7"));
        assert!(!host("localhost:8080").has_page("http://localhost:9090/"));
    }
}
