//! What WooCommerce shops say, kind by kind, from the signed delivery to what Wix and the ledger then hold.

#[cfg(test)]
pub(crate) mod bodies;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod payment;
#[cfg(test)]
mod plugins;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod subscriptions;
#[cfg(test)]
mod trash;
