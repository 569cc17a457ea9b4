//! From the signed request of a storefront to the package at Wix, in process: webhook, queue, batch, worker, ledger, Wix.

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod door;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod not_ours;
#[cfg(test)]
mod requeue;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod shopify;
#[cfg(test)]
mod signed;
#[cfg(test)]
mod standard;
#[cfg(test)]
mod storefronts;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod wix;
