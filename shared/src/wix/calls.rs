//! The calls as data: one type for each operation, which knows its path, its body and how its answer is read. A
//! [`Client`](super::Client) sends them; the code that decides what to do can make, keep and compare them without one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;

use super::body::{PackagePage, decode_package, decode_page};
use super::error::{Error, Operation};
use super::package::Package;
use super::query::PackageQuery;
use super::types::{Adjustment, CreatePackage};
use crate::ids::{ExternalId, IdempotencyKey, InstanceId, PackageId, SiteId};

/// A call of the Packages API, ready to be sent for an account as often as wanted.
pub trait Call: Send + Sync {
    /// What a successful answer holds.
    type Answer: Send;

    /// Which operation it is; that settles the method, and whether the client may repeat it.
    const OPERATION: Operation;

    /// The path below the base URL, with its query string, all percent-encoded.
    fn path(&self) -> String;

    /// The JSON body, if it has one.
    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        Ok(None)
    }

    /// Reads an answer. One other than 2xx becomes the error that [`Error::from_response`] makes of it.
    fn decode(status: u16, request_id: Option<&str>, body: &[u8]) -> Result<Self::Answer, Error>;
}

/// What is the same in all calls that answer with one package.
macro_rules! answers_with_package {
    ($operation:expr) => {
        type Answer = Package;
        const OPERATION: Operation = $operation;

        fn decode(status: u16, request_id: Option<&str>, body: &[u8]) -> Result<Package, Error> {
            decode_package(Self::OPERATION, status, request_id, body)
        }
    };
}

/// Create Package V2. Never sent twice by the client, unless it provably never left. After
/// [`Failure::Unknown`](super::Failure::Unknown) the package may exist.
impl Call for CreatePackage {
    answers_with_package!(Operation::CreatePackage);

    fn path(&self) -> String {
        "/resellers/v2/packages".to_owned()
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Some)
    }
}

/// Get Package. Fails when the package is not of that account (documented; with which code is not).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetPackage {
    /// Which one.
    pub package: PackageId,
}

impl Call for GetPackage {
    answers_with_package!(Operation::GetPackage);

    fn path(&self) -> String {
        format!("/resellers/v1/packages/{}", self.package)
    }
}

/// Query Packages: one page. Answers with the packages of the *parent* account, whichever account is named; filter by
/// `accountId` to narrow (documented). Eventually consistent (documented): what was just created may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryPackages {
    /// What is asked for.
    pub query: PackageQuery,
    /// The page at a cursor that an earlier page named, instead of the first one. Of the query only the page size goes
    /// with it.
    pub cursor: Option<String>,
}

impl From<PackageQuery> for QueryPackages {
    /// The first page.
    fn from(query: PackageQuery) -> Self {
        Self { query, cursor: None }
    }
}

impl Call for QueryPackages {
    type Answer = PackagePage;
    const OPERATION: Operation = Operation::QueryPackages;

    fn path(&self) -> String {
        "/resellers/v1/packages/query".to_owned()
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.query.body(self.cursor.as_deref())).map(Some)
    }

    fn decode(status: u16, request_id: Option<&str>, body: &[u8]) -> Result<PackagePage, Error> {
        decode_page(status, request_id, body)
    }
}

/// Whether Wix can be reached and takes the key for the account: the cheapest read, a query for one package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe;

impl Call for Probe {
    type Answer = ();
    const OPERATION: Operation = Operation::QueryPackages;

    fn path(&self) -> String {
        "/resellers/v1/packages/query".to_owned()
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&PackageQuery::new().limit(1).body(None)).map(Some)
    }

    fn decode(status: u16, request_id: Option<&str>, body: &[u8]) -> Result<(), Error> {
        decode_page(status, request_id, body).map(drop)
    }
}

/// Cancel Package: ends all of its instances; access is lost at once. The answer's statuses may be stale (documented
/// examples still say `PENDING`): read the package again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelPackage {
    /// Which one.
    pub package: PackageId,
    /// The same on every repetition of this call.
    pub idempotency_key: IdempotencyKey,
}

impl Call for CancelPackage {
    answers_with_package!(Operation::CancelPackage);

    // The documents put the key in a body, Wix's SDK puts the fields of a DELETE in the query string (observed).
    fn path(&self) -> String {
        let key = encode(self.idempotency_key.as_str());
        format!("/resellers/v1/packages/{}?idempotencyKey={key}", self.package)
    }
}

/// Cancel Product Instance: ends one instance, and the services that depend on it. As with [`CancelPackage`], the
/// answer's status may be stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelProductInstance {
    /// Which one.
    pub instance: InstanceId,
    /// The same on every repetition of this call.
    pub idempotency_key: IdempotencyKey,
}

impl Call for CancelProductInstance {
    answers_with_package!(Operation::CancelProductInstance);

    fn path(&self) -> String {
        let key = encode(self.idempotency_key.as_str());
        format!("{}?idempotencyKey={key}", path_of(&self.instance))
    }
}

/// Assign Product Instance To Site; moves one that is assigned elsewhere. When it fails the instance may be on the old
/// site or floating (documented): read again before deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignProductInstance {
    /// Which one.
    pub instance: InstanceId,
    /// Where to. Being a GUID, it cannot be taken for the word `unassign`, which stands in the same place of the path.
    pub site: SiteId,
    /// The same on every repetition of this call.
    pub idempotency_key: IdempotencyKey,
}

impl Call for AssignProductInstance {
    answers_with_package!(Operation::AssignProductInstance);

    fn path(&self) -> String {
        format!("{}/{}", path_of(&self.instance), self.site)
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        key_alone(&self.idempotency_key)
    }
}

/// Unassign Product Instance From Site: the instance floats, the customer loses access at once, the reseller goes on
/// paying until it is canceled (documented). `MISSING_SITE_ID` may mean that it floats already (inferred): a read tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnassignProductInstance {
    /// Which one.
    pub instance: InstanceId,
    /// The same on every repetition of this call.
    pub idempotency_key: IdempotencyKey,
}

impl Call for UnassignProductInstance {
    answers_with_package!(Operation::UnassignProductInstance);

    fn path(&self) -> String {
        format!("{}/unassign", path_of(&self.instance))
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        key_alone(&self.idempotency_key)
    }
}

/// Adjust Product Instance Specifications: another product of the same type, or another billing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdjustProductInstance {
    /// Which one.
    #[serde(skip)]
    pub instance: InstanceId,
    /// What changes.
    #[serde(flatten)]
    pub adjustment: Adjustment,
    /// The same on every repetition of this call.
    pub idempotency_key: IdempotencyKey,
}

impl Call for AdjustProductInstance {
    answers_with_package!(Operation::AdjustProductInstance);

    fn path(&self) -> String {
        path_of(&self.instance)
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Some)
    }
}

/// Update Package External ID. Idempotent by nature, takes no key, cannot clear the field (documented). Whether Wix
/// takes an encoded `/` in it is unknown: keep IDs that you make to `A-Za-z0-9._~-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateExternalId {
    /// Of which package.
    pub package: PackageId,
    /// The new one. It is neither `.` nor `..`, so it survives every URL parser as a segment of the path.
    pub external_id: ExternalId,
}

impl Call for UpdateExternalId {
    answers_with_package!(Operation::UpdateExternalId);

    fn path(&self) -> String {
        let external_id = encode(self.external_id.as_str());
        format!("/resellers/v1/packages/update/{}/{external_id}", self.package)
    }
}

fn path_of(instance: &InstanceId) -> String {
    format!("/resellers/v1/packages/product-instances/{instance}")
}

fn key_alone(key: &IdempotencyKey) -> Result<Option<Vec<u8>>, serde_json::Error> {
    serde_json::to_vec(&json!({ "idempotencyKey": key })).map(Some)
}

/// What stands for itself in a segment of a path or a value of a query string.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes text as one segment of a path or one value of a query string. A segment of `.` or `..` is the caller's to
/// refuse: URL parsers fold both away even when encoded.
fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one_segment() {
        assert_eq!(encode("a/b?c#d%2F e").to_string(), "a%2Fb%3Fc%23d%252F%20e");
        assert_eq!(encode("ü").to_string(), "%C3%BC");
        assert_eq!(encode("A-z_0.9~").to_string(), "A-z_0.9~");
    }
}
