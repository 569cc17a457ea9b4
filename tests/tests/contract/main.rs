//! The contract between the client and Wix: the whole client over real HTTP on the loopback, against the sandbox, which
//! behaves as the Packages API is documented to behave and refuses what Wix would refuse.

mod errors;
mod faults;
mod filters;
mod limits;
mod operations;
mod paging;
mod sandbox;
mod spelling;
