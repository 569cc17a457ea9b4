//! Query Packages: filters, sorting and paging over what queries show, which may be older than what Get shows.

mod cursor;
mod filter;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::{Caller, Done, Twist};
use crate::guid::Guid;
use crate::model::Package;
use crate::refusal::Refusal;
use crate::render::PackageJson;
use crate::store::Key;
use crate::wix::Wix;
use cursor::Cursor;
use filter::Filter;

/// The default and the greatest page (documented).
const MAX_LIMIT: usize = 100;

/// What packages are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortField {
    Created,
    Updated,
}

impl SortField {
    fn key(self, package: &Package) -> Key {
        match self {
            Self::Created => (package.created_ms, package.id),
            Self::Updated => (package.updated_ms, package.id),
        }
    }
}

/// Where a page begins.
enum Page {
    Cursor { position: Option<Key>, backwards: bool },
    Offset(usize),
}

impl Wix {
    pub(crate) fn query(
        &self,
        now: i64,
        shown_at: i64,
        caller: Caller,
        body: &Map<String, Value>,
        twist: &Twist,
    ) -> Result<Done, Refusal> {
        let empty = Map::new();
        let query = match body.get("query") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(query)) => query,
            Some(_) => return Err(Refusal::field("query", "FORMAT", "must be an object")),
        };
        let offset_paging = member(query, "paging")?;
        let cursor_paging = member(query, "cursorPaging")?;
        if offset_paging.is_some() && cursor_paging.is_some() {
            return Err(Refusal::field(
                "query",
                "ONE_OF_ALIGNMENT",
                "takes paging or cursorPaging, not both",
            ));
        }
        let cursor = match cursor_paging.and_then(|paging| paging.get("cursor")) {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) if token.is_empty() => None,
            Some(Value::String(token)) => Some(Cursor::read(token, caller.parent).ok_or_else(invalid_cursor)?),
            Some(_) => {
                return Err(Refusal::field(
                    "query.cursorPaging.cursor",
                    "FORMAT",
                    "must be a string",
                ));
            }
        };
        let limit_field = if offset_paging.is_some() {
            "query.paging"
        } else {
            "query.cursorPaging"
        };
        let limit = limit(offset_paging.or(cursor_paging), limit_field)?;
        let (filter, sort, ascending, page) = match &cursor {
            Some(cursor) => {
                let more = ["filter", "sort"].iter().any(|name| is_said(query.get(*name)));
                if more {
                    return Err(invalid_cursor());
                }
                let page = Page::Cursor {
                    position: Some(cursor.position),
                    backwards: cursor.backwards,
                };
                (cursor.filter.clone(), cursor.sort, cursor.ascending, page)
            }
            None => {
                let (sort, ascending) = sorting(query.get("sort"))?;
                let page = match offset_paging {
                    Some(paging) => Page::Offset(whole(paging.get("offset"), "query.paging.offset")?.unwrap_or(0)),
                    None => Page::Cursor {
                        position: None,
                        backwards: false,
                    },
                };
                let filter = query.get("filter").cloned().unwrap_or(Value::Null);
                (filter, sort, ascending, page)
            }
        };
        let parsed = Filter::parse(&filter)?;
        let search = Search {
            wix: self,
            now: shown_at,
            youngest: match twist.stale_ms {
                0 => i64::MAX,
                ms => now.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)),
            },
            caller,
            filter: &parsed,
            sort,
        };
        match page {
            Page::Offset(offset) => self.offset_page(&search, ascending, offset, limit),
            Page::Cursor { position, backwards } => {
                let cursor = Cursor {
                    filter,
                    sort,
                    ascending,
                    position: position.unwrap_or((i64::MIN, Guid::from_u128(0))),
                    backwards,
                };
                self.cursor_page(&search, cursor, position.is_some(), limit)
            }
        }
    }

    fn offset_page(&self, search: &Search<'_>, ascending: bool, offset: usize, limit: usize) -> Result<Done, Refusal> {
        let all: Vec<&Package> = search.find(ascending, None).collect();
        let packages: Vec<&Package> = all.iter().skip(offset).take(limit).copied().collect();
        let metadata = Metadata {
            count: packages.len(),
            cursors: None,
            offset: Some(offset),
            total: Some(all.len()),
            too_many_to_count: Some(false),
        };
        self.page(&packages, &metadata)
    }

    fn cursor_page(&self, search: &Search<'_>, cursor: Cursor, continues: bool, limit: usize) -> Result<Done, Refusal> {
        let after = continues.then_some(cursor.position);
        let ascending = cursor.ascending != cursor.backwards;
        let mut packages: Vec<&Package> = search.find(ascending, after).take(limit + 1).collect();
        let more = packages.len() > limit;
        packages.truncate(limit);
        if cursor.backwards {
            packages.reverse();
        }
        let (has_next, has_prev) = if cursor.backwards {
            (true, more)
        } else {
            (more, continues)
        };
        let token = |package: Option<&&Package>, backwards| {
            package.map(|package| {
                cursor
                    .at(cursor.sort.key(package), backwards)
                    .write(search.caller.parent)
            })
        };
        let metadata = Metadata {
            count: packages.len(),
            cursors: Some(Cursors {
                next: has_next.then(|| token(packages.last(), false)).flatten(),
                prev: has_prev.then(|| token(packages.first(), true)).flatten(),
            }),
            offset: None,
            total: None,
            too_many_to_count: None,
        };
        self.page(&packages, &metadata)
    }

    fn page(&self, packages: &[&Package], metadata: &Metadata) -> Result<Done, Refusal> {
        let spelling = &self.config.spelling;
        let packages: Vec<PackageJson<'_>> = packages.iter().map(|package| PackageJson(package, spelling)).collect();
        let answer = if spelling.paging_metadata {
            Answer {
                metadata: None,
                paging_metadata: Some(metadata),
                packages,
            }
        } else {
            Answer {
                metadata: Some(metadata),
                paging_metadata: None,
                packages,
            }
        };
        Ok(Done {
            body: serde_json::to_vec(&answer).map_err(|error| Refusal::plain(500, error.to_string()))?,
            package: None,
            committed: false,
        })
    }
}

/// All that decides whether a package is shown.
struct Search<'a> {
    wix: &'a Wix,
    now: i64,
    youngest: i64,
    caller: Caller,
    filter: &'a Filter,
    sort: SortField,
}

impl<'a> Search<'a> {
    /// The packages that fit, in order, beyond `after`.
    fn find(&self, ascending: bool, after: Option<Key>) -> Box<dyn Iterator<Item = &'a Package> + '_> {
        let store = &self.wix.store;
        let candidates = if let Some(values) = self.filter.ids() {
            store.shown_by_id(self.now, values)
        } else if let Some(values) = self.filter.external_ids() {
            store.shown_by_external(self.now, values)
        } else if let Some(values) = self.filter.instance_ids() {
            store.shown_by_instance(self.now, values)
        } else if self.sort == SortField::Created {
            let all = store.shown_by_created(self.now, ascending, after);
            return Box::new(all.map(|(_, package)| package).filter(|package| self.shows(package)));
        } else {
            store
                .shown_by_created(self.now, true, None)
                .map(|(_, package)| package)
                .collect()
        };
        let mut found: Vec<(Key, &Package)> = candidates
            .into_iter()
            .filter(|package| self.shows(package))
            .map(|package| (self.sort.key(package), package))
            .filter(|(key, _)| after.is_none_or(|after| if ascending { *key > after } else { *key < after }))
            .collect();
        found.sort_unstable_by_key(|(key, _)| *key);
        if !ascending {
            found.reverse();
        }
        Box::new(found.into_iter().map(|(_, package)| package))
    }

    fn shows(&self, package: &Package) -> bool {
        package.parent_account_id == self.caller.parent
            && package.created_ms <= self.youngest
            && self.filter.fits(package, &self.wix.config.spelling)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging_metadata: Option<&'a Metadata>,
    packages: Vec<PackageJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursors: Option<Cursors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_many_to_count: Option<bool>,
}

#[derive(Serialize)]
struct Cursors {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<String>,
}

fn member<'a>(query: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    match query.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(member)) => Ok(Some(member)),
        Some(_) => Err(Refusal::field(format!("query.{name}"), "FORMAT", "must be an object")),
    }
}

/// Whether a member says anything: an empty filter or sort does not.
fn is_said(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Object(object)) => !object.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => true,
    }
}

fn limit(paging: Option<&Map<String, Value>>, field: &str) -> Result<usize, Refusal> {
    let field = format!("{field}.limit");
    match whole(paging.and_then(|paging| paging.get("limit")), &field)? {
        // 0 is how a number that was not set arrives at Wix.
        None | Some(0) => Ok(MAX_LIMIT),
        Some(limit) if limit > MAX_LIMIT => Err(Refusal::field(field, "MAX", "must be at most 100")),
        Some(limit) => Ok(limit),
    }
}

fn whole(value: Option<&Value>, field: &str) -> Result<Option<usize>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(Refusal::field(field, "MIN", "must be a whole number from 0 on")),
        },
    }
}

fn sorting(sort: Option<&Value>) -> Result<(SortField, bool), Refusal> {
    let items = match sort {
        None | Some(Value::Null) => return Ok((SortField::Created, false)),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Refusal::field("query.sort", "FORMAT", "must be an array")),
    };
    let item = match items.as_slice() {
        [] => return Ok((SortField::Created, false)),
        [item] => item,
        _ => return Err(Refusal::field("query.sort", "MAX_SIZE", "takes one field here")),
    };
    let field = match item.get("fieldName").and_then(Value::as_str) {
        Some("createdDate") => SortField::Created,
        Some("updatedDate") => SortField::Updated,
        _ => {
            let description = "must be createdDate or updatedDate";
            return Err(Refusal::field(
                "query.sort[0].fieldName",
                "FIELD_NOT_ALLOWED",
                description,
            ));
        }
    };
    match item.get("order") {
        None | Some(Value::Null) => Ok((field, true)),
        Some(Value::String(order)) if order == "ASC" => Ok((field, true)),
        Some(Value::String(order)) if order == "DESC" => Ok((field, false)),
        Some(_) => Err(Refusal::field(
            "query.sort[0].order",
            "INVALID_ENUM_VALUE",
            "must be ASC or DESC",
        )),
    }
}

fn invalid_cursor() -> Refusal {
    Refusal::with_code(400, "INVALID_CURSOR", "Invalid cursor")
}

impl Wix {
    /// The packages that a query would show at `now_ms`, without asking: for tests of what is stale.
    pub fn shown_by_queries(&self, now_ms: i64) -> impl Iterator<Item = &Package> {
        self.store
            .shown_by_created(now_ms, true, None)
            .map(|(_, package)| package)
    }
}
