//! The Wix Resellers Packages API: its types, its errors with what may be done after each, and (feature `wix`) a client.
//!
//! Nothing here knows about orders; it can be used alone. Facts about Wix are marked with where they come from:
//! documented, observed in Wix's own SDK, or inferred, in which case the code survives the opposite.
//!
//! # As a client, and nothing else
//!
//! ```toml
//! [dependencies]
//! reseller-hooks = { version = "0.1", default-features = false, features = ["wix"] }
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```
//!
//! A call is a value: [`CreatePackage`], [`GetPackage`], [`QueryPackages`], [`AssignProductInstance`] and so on, each with
//! what is known about it. `Client::execute` sends it for the account that the package belongs to (the reseller's own, or
//! a customer's sub-account); the key is that of the main account. An answer is a `Response`: the value, and the ID
//! of the request, which belongs in the logs because Wix's support asks for it.
//!
#![cfg_attr(feature = "wix", doc = "```no_run")]
#![cfg_attr(not(feature = "wix"), doc = "```ignore")]
//! use reseller_hooks::ids::AccountId;
//! use reseller_hooks::wix::{
//!     ApiKey, BillingInfo, Client, ClientConfig, CreatePackage, CycleUnit, Failure, PackageQuery, ProductInput, field,
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientConfig::default(), ApiKey::new("IST.your-key")?)?;
//! let account: AccountId = "2250b761-b31c-453b-885b-76e9fc04bdc6".parse()?;
//!
//! let request = CreatePackage {
//!     // The same on every repetition of this request, and never on another.
//!     idempotency_key: "order-1001".parse()?,
//!     external_id: Some("order-1001".parse()?),
//!     products: vec![ProductInput {
//!         catalog_product_id: "00ba7923-2655-402a-852d-2b2100568bcf".parse()?,
//!         site_id: None, // the instance floats until it is assigned
//!         billing_info: Some(BillingInfo::recurring(CycleUnit::Year, 1)),
//!         country_code: "US".parse()?,
//!         discount_code: None,
//!         reference_product_instance_id: None,
//!     }],
//! };
//! match client.execute(&account, &request).await {
//!     Ok(created) => println!("package {} (Wix request {:?})", created.value.id, created.request_id),
//!     Err(error) => match error.failure() {
//!         // Nothing was done. `error.code()` says why.
//!         Failure::Rejected | Failure::Unauthorized | Failure::Forbidden => println!("{error}"),
//!         // Nothing was done: try again later.
//!         Failure::NotSent | Failure::Throttled(_) => println!("{error}"),
//!         // Perhaps it was done: look for the external ID, for a while, before sending the same request again.
//!         Failure::Unknown => println!("{error}"),
//!     },
//! }
//!
//! // Page after page, with the next one fetched when it is needed.
//! let query = PackageQuery::new().filter(field::EXTERNAL_ID.eq(&"order-1001".parse()?));
//! let mut packages = client.packages(&account, query);
//! while let Some(package) = packages.next().await {
//!     println!("{}", package?.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # With another transport
//!
//! `Client::with_transport` takes anything that carries an HTTP request and brings an answer (`Transport`), and any clock
//! (`Timer`). A test that simulates both runs everything else for real: how requests are written, paging, repetitions,
//! pacing, and how answers are read.
//!
#![cfg_attr(feature = "wix", doc = "```")]
#![cfg_attr(not(feature = "wix"), doc = "```ignore")]
//! use std::time::Duration;
//!
//! use reseller_hooks::time::SystemClock;
//! use reseller_hooks::wix::{Answer, ApiKey, Client, ClientConfig, ExchangeError, GetPackage, Transport};
//!
//! struct NothingThere;
//!
//! impl Transport for NothingThere {
//!     async fn exchange(&self, request: http::Request<Vec<u8>>, _: Duration) -> Result<Answer, ExchangeError> {
//!         assert_eq!(request.method(), "GET");
//!         let body = br#"{"message":"no such package","details":{}}"#.to_vec();
//!         Ok(Answer { status: 404, body, ..Answer::default() })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::with_transport(ClientConfig::default(), NothingThere, SystemClock)?;
//! client.set_api_key(ApiKey::new("IST.your-key")?);
//! let call = GetPackage { package: "1f0c7a52-9f0a-4b9e-8a36-6f4e8f0f2a11".parse()? };
//! let error = client.execute(&"2250b761-b31c-453b-885b-76e9fc04bdc6".parse()?, &call).await.unwrap_err();
//! assert!(error.is_not_found());
//! # Ok(())
//! # }
//! ```
//!
//! # What the client does by itself
//!
//! - Reads are sent up to three times, writes only where they provably never left; all within one `timeout`
//!   ([`retry::decide`]). No wait is longer than two seconds.
//! - No call goes over a connection that has rested for more than five seconds of wall-clock time.
//! - It follows no redirects, keeps no cookies, takes no proxy from the environment, and trusts a fixed set of root
//!   certificates.
//!
//! What it leaves out: Count Packages (its URL is not published), the deprecated v1 create, offset paging, and
//! projections of a query (`fields`), which are not reliable.

mod body;
mod calls;
#[cfg(feature = "wix")]
mod client;
#[cfg(feature = "wix")]
mod config;
#[cfg(feature = "wix")]
mod consistency;
mod error;
mod filter;
#[cfg(feature = "wix")]
mod http;
#[cfg(any(feature = "wix", feature = "secrets"))]
mod key;
mod package;
#[cfg(feature = "wix")]
mod pages;
mod paging;
mod query;
pub mod retry;
#[cfg(feature = "wix")]
mod transport;
mod types;

pub use body::{PackagePage, decode_package, decode_page};
pub use calls::{
    AdjustProductInstance, AssignProductInstance, Call, CancelPackage, CancelProductInstance, GetPackage, Probe,
    QueryPackages, UnassignProductInstance, UpdateExternalId,
};
#[cfg(feature = "wix")]
pub use client::{Client, Response};
#[cfg(feature = "wix")]
pub use config::{ClientConfig, InvalidClientConfig};
pub use error::{Error, Failure, FieldViolation, Operation};
pub use filter::{Condition, DateField, FilterValue, IdField, InstanceField, field};
#[cfg(feature = "wix")]
pub use http::{HttpTransport, MAX_POOL_REST};
#[cfg(any(feature = "wix", feature = "secrets"))]
pub use key::{ApiKey, InvalidApiKey};
pub use package::{InstanceFailure, Package, ProductInstance};
#[cfg(feature = "wix")]
pub use pages::{Packages, Pages};
pub use paging::Paging;
pub use query::{MAX_LIMIT, PackageQuery, SortField, SortOrder};
pub use retry::retry_after;
#[cfg(feature = "wix")]
pub use transport::{Answer, ExchangeError, Transport};
pub use types::{Adjustment, BillingInfo, BillingType, CreatePackage, CycleDuration, CycleUnit, ProductInput, Status};

#[cfg(test)]
#[cfg(feature = "wix")]
mod tests;
