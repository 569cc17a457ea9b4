//! The conditions that Query Packages can filter by: each field with the operators that are documented for it, so that
//! an unsupported one does not compile.

use std::marker::PhantomData;

use serde_json::{Value, json};

use super::types::{BillingType, CycleUnit, Status};
use crate::ids::{AccountId, CatalogProductId, CountryCode, ExternalId, InstanceId, PackageId, SiteId};
use crate::time::Timestamp;

/// One condition of a filter, made by a [`field`].
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub(super) field: &'static str,
    pub(super) operator: &'static str,
    pub(super) value: Value,
}

/// A field of the package itself that identifies.
#[derive(Debug)]
pub struct IdField<T>(&'static str, PhantomData<fn(&T)>);

/// A date of the package.
#[derive(Debug, Clone, Copy)]
pub struct DateField(&'static str);

/// A member of the package's product instances.
#[derive(Debug)]
pub struct InstanceField<T: ?Sized>(&'static str, PhantomData<fn(&T)>);

/// What can stand in a filter as a value.
pub trait FilterValue {
    /// As it is written on the wire.
    fn to_json(&self) -> Value;
}

macro_rules! filter_values {
    ($($type:ty),+) => {
        $(impl FilterValue for $type {
            fn to_json(&self) -> Value {
                Value::String(self.as_str().to_owned())
            }
        })+
    };
}

filter_values!(
    PackageId,
    AccountId,
    ExternalId,
    InstanceId,
    SiteId,
    CatalogProductId,
    CountryCode,
    Status,
    BillingType,
    CycleUnit
);

impl FilterValue for str {
    fn to_json(&self) -> Value {
        Value::String(self.to_owned())
    }
}

impl FilterValue for Timestamp {
    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl FilterValue for u32 {
    fn to_json(&self) -> Value {
        json!(self)
    }
}

fn list<'a, T: FilterValue + ?Sized + 'a>(values: impl IntoIterator<Item = &'a T>) -> Value {
    values.into_iter().map(FilterValue::to_json).collect()
}

impl<T: FilterValue> IdField<T> {
    const fn new(name: &'static str) -> Self {
        Self(name, PhantomData)
    }

    const fn condition(self, operator: &'static str, value: Value) -> Condition {
        Condition {
            field: self.0,
            operator,
            value,
        }
    }

    /// `$eq`: is this.
    pub fn eq(self, value: &T) -> Condition {
        self.condition("$eq", value.to_json())
    }

    /// `$ne`: is not this.
    pub fn ne(self, value: &T) -> Condition {
        self.condition("$ne", value.to_json())
    }

    /// `$in`: is one of these.
    pub fn any_of<'a>(self, values: impl IntoIterator<Item = &'a T>) -> Condition
    where
        T: 'a,
    {
        self.condition("$in", list(values))
    }

    /// `$exists`: is there at all, or is not.
    pub fn exists(self, exists: bool) -> Condition {
        self.condition("$exists", Value::Bool(exists))
    }
}

macro_rules! date_operators {
    ($($(#[$doc:meta])* $name:ident = $operator:literal,)+) => {
        impl DateField {
            $($(#[$doc])*
            pub fn $name(self, time: &Timestamp) -> Condition {
                Condition { field: self.0, operator: $operator, value: time.to_json() }
            })+
        }
    };
}

date_operators!(
    /// `$eq`: at this time.
    eq = "$eq",
    /// `$ne`: not at this time.
    ne = "$ne",
    /// `$gt`: after this time.
    gt = "$gt",
    /// `$lt`: before this time.
    lt = "$lt",
    /// `$gte`: at or after this time.
    gte = "$gte",
    /// `$lte`: at or before this time.
    lte = "$lte",
);

impl<T: FilterValue + ?Sized> InstanceField<T> {
    const fn new(name: &'static str) -> Self {
        Self(name, PhantomData)
    }

    /// `$hasSome`: an instance has one of these.
    pub fn has_some<'a>(self, values: impl IntoIterator<Item = &'a T>) -> Condition
    where
        T: 'a,
    {
        Condition {
            field: self.0,
            operator: "$hasSome",
            value: list(values),
        }
    }

    /// `$hasAll`: each of these is had by an instance.
    pub fn has_all<'a>(self, values: impl IntoIterator<Item = &'a T>) -> Condition
    where
        T: 'a,
    {
        Condition {
            field: self.0,
            operator: "$hasAll",
            value: list(values),
        }
    }
}

/// The fields that a query can filter by, each with its operators (documented).
pub mod field {
    use super::{
        AccountId, BillingType, CatalogProductId, CountryCode, CycleUnit, DateField, ExternalId, IdField,
        InstanceField, InstanceId, PackageId, SiteId, Status, Timestamp,
    };

    /// The package's ID.
    pub const ID: IdField<PackageId> = IdField::new("id");
    /// The account that the package belongs to.
    pub const ACCOUNT_ID: IdField<AccountId> = IdField::new("accountId");
    /// The reseller's own reference.
    pub const EXTERNAL_ID: IdField<ExternalId> = IdField::new("externalId");
    /// When the package was created.
    pub const CREATED_DATE: DateField = DateField("createdDate");
    /// When the package last changed.
    pub const UPDATED_DATE: DateField = DateField("updatedDate");
    /// The ID of an instance.
    pub const INSTANCE_ID: InstanceField<InstanceId> = InstanceField::new("productInstances.instanceId");
    /// The site of an instance.
    pub const SITE_ID: InstanceField<SiteId> = InstanceField::new("productInstances.siteId");
    /// The product of an instance.
    pub const CATALOG_PRODUCT_ID: InstanceField<CatalogProductId> =
        InstanceField::new("productInstances.catalogProductId");
    /// The status of an instance.
    pub const STATUS: InstanceField<Status> = InstanceField::new("productInstances.status");
    /// Why an instance failed, such as `DELIVERY_TIMEOUT`.
    pub const FAILURE_CODE: InstanceField<str> = InstanceField::new("productInstances.failure.code");
    /// Whether an instance is paid once or every cycle.
    pub const BILLING_TYPE: InstanceField<BillingType> = InstanceField::new("productInstances.billingInfo.type");
    /// The unit of an instance's billing cycle.
    pub const CYCLE_UNIT: InstanceField<CycleUnit> =
        InstanceField::new("productInstances.billingInfo.cycleDuration.unit");
    /// The length of an instance's billing cycle, in units.
    pub const CYCLE_COUNT: InstanceField<u32> = InstanceField::new("productInstances.billingInfo.cycleDuration.count");
    /// When an instance was created.
    pub const INSTANCE_CREATED_DATE: InstanceField<Timestamp> = InstanceField::new("productInstances.createdDate");
    /// When an instance last changed.
    pub const INSTANCE_UPDATED_DATE: InstanceField<Timestamp> = InstanceField::new("productInstances.updatedDate");
    /// Where the vouchers of an instance can be claimed.
    pub const COUNTRY_CODE: InstanceField<CountryCode> = InstanceField::new("productInstances.countryCode");
}
