//! Which shop a delivery comes from. A copy of the shop has its webhooks and their secret too, so the signature does not
//! tell the two apart; the addresses inside what is signed do.

use serde::Deserialize;

use super::super::hosts::{Host, shown};
use super::super::json::{Lenient, Text};
use super::super::{ReceiveError, Verified};
use super::php::List;

/// The shop's address, unsigned: for bodies that name none.
pub(in super::super) const SOURCE: [&str; 1] = ["x-wc-webhook-source"];

/// The members of a body that are addresses of its shop.
#[derive(Deserialize, Default)]
pub(super) struct Addresses {
    #[serde(rename = "_links")]
    links: Lenient<Links>,
    payment_url: Text,
}

#[derive(Deserialize)]
struct Links {
    #[serde(default, rename = "self")]
    own: List<Lenient<Link>>,
}

#[derive(Deserialize)]
struct Link {
    href: Text,
}

/// Whether a delivery names its shop's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// One of the secret's hosts.
    Own,
    /// The body names none, and no header does.
    Unnamed,
}

impl Addresses {
    /// The address of the object in the REST API, such as `https://shop.example.com/wp-json/wc/v3/orders/7`.
    pub(super) fn api(&self) -> Option<&str> {
        let links = self.links.0.as_ref()?;
        links.own.0.iter().find_map(|link| link.0.as_ref()?.href.as_deref())
    }

    /// Refuses what comes from another host than the secret's. The header counts only where the body names no host.
    pub(super) fn check(&self, verified: &Verified<'_>) -> Result<Origin, ReceiveError> {
        let hosts = &verified.shop().hosts;
        let any = |is: &dyn Fn(&Host) -> bool| hosts.iter().any(is);
        let header = verified.delivery().header(&SOURCE).filter(|source| !source.is_empty());
        let (api, page) = (self.api(), self.payment_url.as_deref());
        let foreign = match (api, page) {
            (None, None) => match header {
                None => return Ok(Origin::Unnamed),
                Some(source) => Some(source).filter(|source| !any(&|host| host.has_page(source))),
            },
            (api, page) => api
                .filter(|api| !any(&|host| host.has_api(api)))
                .or_else(|| page.filter(|page| !any(&|host| host.has_page(page)))),
        };
        match foreign {
            None => Ok(Origin::Own),
            Some(address) => Err(ReceiveError::not_understood(format!(
                "it comes from {}, which is none of the secret's `hosts`: a copy of the shop, whose webhooks should be deleted, or a host to add to the secret",
                shown(address)
            ))),
        }
    }
}
