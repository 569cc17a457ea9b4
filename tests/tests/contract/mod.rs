//! The contract between the client and Wix: the whole client over real HTTP on the loopback, against the sandbox, which
//! behaves as the Packages API is documented to behave and refuses what Wix would refuse.

#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod filters;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod spelling;
