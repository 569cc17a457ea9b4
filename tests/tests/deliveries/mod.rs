//! From the signed request of a storefront to the package at Wix, in process: webhook, queue, batch, worker, ledger, Wix.

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod signed;
#[cfg(test)]
mod storefronts;
