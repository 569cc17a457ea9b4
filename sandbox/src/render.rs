//! Packages as JSON, in the spelling that the configuration asks for.

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::{BillingSpelling, Spelling};
use crate::model::{Instance, Package, Status};

/// A time as Wix writes it: RFC 3339 in UTC with milliseconds.
pub(crate) struct Date(pub(crate) i64);

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ok(time) = OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1_000)) else {
            return f.write_str("1970-01-01T00:00:00.000Z");
        };
        let (date, clock) = (time.date(), time.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second(),
            self.0.rem_euclid(1_000),
        )
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a time as RFC 3339 writes it.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// A package, to be written.
#[derive(Clone, Copy)]
pub(crate) struct PackageJson<'a>(pub(crate) &'a Package, pub(crate) &'a Spelling);

impl Serialize for PackageJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(package, spelling) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &package.id)?;
        map.serialize_entry("accountId", &package.account_id)?;
        if let Some(external_id) = &package.external_id {
            map.serialize_entry("externalId", external_id)?;
        }
        map.serialize_entry("productInstances", &InstancesJson(&package.instances, spelling))?;
        map.serialize_entry("createdDate", &Date(package.created_ms))?;
        map.serialize_entry("updatedDate", &Date(package.updated_ms))?;
        map.serialize_entry("parentAccountId", &package.parent_account_id)?;
        map.end()
    }
}

struct InstancesJson<'a>(&'a [Instance], &'a Spelling);

impl Serialize for InstancesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|instance| InstanceJson(instance, self.1)))
    }
}

/// An instance, to be written.
pub(crate) struct InstanceJson<'a>(pub(crate) &'a Instance, pub(crate) &'a Spelling);

impl Serialize for InstanceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(instance, spelling) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("instanceId", &instance.id)?;
        if let Some(site) = &instance.site_id {
            map.serialize_entry("siteId", site)?;
        }
        map.serialize_entry("catalogProductId", &instance.catalog_product_id)?;
        map.serialize_entry("status", status_word(&instance.status, spelling))?;
        if let Some(failure) = &instance.failure {
            map.serialize_entry("failure", failure)?;
        }
        if let Some(billing) = &instance.billing {
            match spelling.billing {
                BillingSpelling::BillingInfo => map.serialize_entry("billingInfo", billing)?,
                BillingSpelling::PaymentInfo => map.serialize_entry("paymentInfo", billing)?,
                BillingSpelling::ContractDetails => map.serialize_entry("contractDetails", &Contract(billing))?,
            }
        }
        map.serialize_entry("createdDate", &Date(instance.created_ms))?;
        map.serialize_entry("updatedDate", &Date(instance.updated_ms))?;
        if let Some(country) = &instance.country_code {
            map.serialize_entry("countryCode", country)?;
        }
        if let Some(expires) = instance.expires_ms {
            map.serialize_entry("expirationDate", &Date(expires))?;
        }
        if let Some(discount) = &instance.discount_code {
            map.serialize_entry("discountCode", discount)?;
        }
        if let Some(reference) = &instance.reference {
            map.serialize_entry("referenceProductInstanceId", reference)?;
        }
        map.end()
    }
}

struct Contract<'a>(&'a crate::model::BillingInfo);

impl Serialize for Contract<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut contract = serializer.serialize_struct("ContractDetails", 1)?;
        contract.serialize_field("billingInfo", self.0)?;
        contract.end()
    }
}

/// The word for a status.
pub(crate) fn status_word<'a>(status: &'a Status, spelling: &'a Spelling) -> &'a str {
    match status {
        Status::Enabled => &spelling.enabled,
        Status::Pending | Status::Canceled | Status::Failed | Status::AwaitingAction | Status::Other(_) => {
            status.as_str()
        }
    }
}
