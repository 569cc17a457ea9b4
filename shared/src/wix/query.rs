//! Builds queries of Query Packages out of what the documentation supports, so that an unsupported operator does not
//! compile. Paging is by cursor; with a cursor goes nothing but the cursor and the limit (documented: a filter or
//! sort beside it is refused).

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::{Map, Value, json};

use super::types::{BillingType, CycleUnit, Status};
use crate::ids::{AccountId, CatalogProductId, CountryCode, ExternalId, InstanceId, PackageId, SiteId};
use crate::time::Timestamp;

/// The most packages on a page, and what is asked for unless told (documented).
pub const MAX_LIMIT: u8 = 100;

/// A query: conditions that all have to hold, an order, and a page size.
///
/// ```
/// use reseller_hooks::wix::{PackageQuery, SortField, SortOrder, field};
///
/// let since = "2026-01-01T00:00:00Z".parse()?;
/// let query = PackageQuery::new()
///     .filter(field::CREATED_DATE.gte(&since))
///     .sort(SortField::CreatedDate, SortOrder::Asc);
/// # Ok::<(), reseller_hooks::time::InvalidTimestamp>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PackageQuery {
    filter: BTreeMap<&'static str, Map<String, Value>>,
    sort: Vec<(SortField, SortOrder)>,
    limit: u8,
}

impl Default for PackageQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl PackageQuery {
    /// Every package of the parent account, newest first, a hundred to a page (documented defaults).
    pub const fn new() -> Self {
        Self {
            filter: BTreeMap::new(),
            sort: Vec::new(),
            limit: MAX_LIMIT,
        }
    }

    /// Adds a condition. Several hold together; of two with the same field and operator the later one counts.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        let operators = self.filter.entry(condition.field).or_default();
        operators.insert(condition.operator.to_owned(), condition.value);
        self
    }

    /// Adds a field to the order; the first one added goes first.
    #[must_use]
    pub fn sort(mut self, field: SortField, order: SortOrder) -> Self {
        self.sort.push((field, order));
        self
    }

    /// Packages on a page: 1 to [`MAX_LIMIT`]; what lies outside is moved to the nearer end.
    #[must_use]
    pub fn limit(mut self, limit: u8) -> Self {
        self.limit = limit.clamp(1, MAX_LIMIT);
        self
    }

    /// The request body of the first page, or of the page at `cursor`.
    pub fn body(&self, cursor: Option<&str>) -> Value {
        if let Some(cursor) = cursor {
            return json!({ "query": { "cursorPaging": { "limit": self.limit, "cursor": cursor } } });
        }
        let mut query = Map::new();
        if !self.filter.is_empty() {
            query.insert("filter".to_owned(), json!(self.filter));
        }
        if !self.sort.is_empty() {
            let fields: Vec<Value> = self
                .sort
                .iter()
                .map(|(field, order)| json!({ "fieldName": field.as_str(), "order": order.as_str() }))
                .collect();
            query.insert("sort".to_owned(), Value::Array(fields));
        }
        query.insert("cursorPaging".to_owned(), json!({ "limit": self.limit }));
        json!({ "query": query })
    }
}

/// The fields that can be sorted by (documented: only these two).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortField {
    /// When the package was created.
    CreatedDate,
    /// When the package last changed.
    UpdatedDate,
}

impl SortField {
    const fn as_str(self) -> &'static str {
        match self {
            Self::CreatedDate => "createdDate",
            Self::UpdatedDate => "updatedDate",
        }
    }
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

impl SortOrder {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "ASC",
            Self::Desc => "DESC",
        }
    }
}

/// One condition of a filter, made by a [`field`].
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    field: &'static str,
    operator: &'static str,
    value: Value,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_conditions_asks_for_a_hundred() {
        let body = PackageQuery::new().body(None);
        assert_eq!(body, json!({ "query": { "cursorPaging": { "limit": 100 } } }));
    }

    #[test]
    fn conditions_sort_and_limit_go_with_the_first_page() {
        let account: AccountId = "2250b761-b31c-453b-885b-76e9fc04bdc6".parse().unwrap();
        let body = PackageQuery::new()
            .filter(field::ACCOUNT_ID.eq(&account))
            .filter(field::CREATED_DATE.gte(&Timestamp::from_secs(0)))
            .filter(field::CREATED_DATE.lt(&Timestamp::from_secs(86_400)))
            .filter(field::STATUS.has_some([&Status::Failed, &Status::AwaitingAction]))
            .filter(field::FAILURE_CODE.has_all(["DELIVERY_TIMEOUT"]))
            .filter(field::CYCLE_COUNT.has_some([&2]))
            .filter(field::EXTERNAL_ID.exists(true))
            .sort(SortField::CreatedDate, SortOrder::Asc)
            .sort(SortField::UpdatedDate, SortOrder::Desc)
            .limit(7)
            .body(None);
        assert_eq!(
            body,
            json!({ "query": {
                "filter": {
                    "accountId": { "$eq": "2250b761-b31c-453b-885b-76e9fc04bdc6" },
                    "createdDate": { "$gte": "1970-01-01T00:00:00Z", "$lt": "1970-01-02T00:00:00Z" },
                    "externalId": { "$exists": true },
                    "productInstances.billingInfo.cycleDuration.count": { "$hasSome": [2] },
                    "productInstances.failure.code": { "$hasAll": ["DELIVERY_TIMEOUT"] },
                    "productInstances.status": { "$hasSome": ["FAILED", "AWAITING_ACTION"] },
                },
                "sort": [
                    { "fieldName": "createdDate", "order": "ASC" },
                    { "fieldName": "updatedDate", "order": "DESC" },
                ],
                "cursorPaging": { "limit": 7 },
            } })
        );
    }

    #[test]
    fn nothing_but_the_limit_goes_with_a_cursor() {
        let body = PackageQuery::new()
            .filter(field::EXTERNAL_ID.ne(&"order-1".parse().unwrap()))
            .sort(SortField::CreatedDate, SortOrder::Asc)
            .limit(0)
            .body(Some("next"));
        assert_eq!(
            body,
            json!({ "query": { "cursorPaging": { "limit": 1, "cursor": "next" } } })
        );
    }
}
