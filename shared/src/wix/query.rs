//! Builds the queries of Query Packages. Paging is by cursor; with a cursor goes nothing but the cursor and the limit
//! (documented: a filter or sort beside it is refused).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::filter::{Condition, field};
use crate::ids::ExternalId;
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

    /// Every package with this external ID, whichever account it belongs to: one that Wix put under another account
    /// must not count as absent.
    pub fn with_external_id(external_id: &ExternalId) -> Self {
        Self::new().filter(field::EXTERNAL_ID.eq(external_id))
    }

    /// Every package with one of these external IDs, whichever account it belongs to.
    pub fn with_external_ids<'a>(external_ids: impl IntoIterator<Item = &'a ExternalId>) -> Self {
        Self::new().filter(field::EXTERNAL_ID.any_of(external_ids))
    }

    /// The packages of all accounts that were created at `from` or later (all of them for `None`), the oldest first.
    pub fn created_since(from: Option<Timestamp>) -> Self {
        let oldest_first = Self::new().sort(SortField::CreatedDate, SortOrder::Asc);
        match from {
            Some(from) => oldest_first.filter(field::CREATED_DATE.gte(&from)),
            None => oldest_first,
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

#[cfg(test)]
mod tests {
    use super::super::types::Status;
    use super::*;
    use crate::ids::AccountId;

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
