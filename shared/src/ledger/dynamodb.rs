//! The ledger in DynamoDB: one item an order, and two sparse indexes that hold keys only. The names of attributes and
//! indexes here are those of the table in `template.yaml`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::{Entry, Indexed, Ledger, LedgerError, Stored, check_size, limit};
use crate::aws::{Aws, SdkFailure};
use crate::time::Timestamp;

/// The partition key: the order's key (S).
pub const KEY: &str = "pk";
/// The record as JSON (S).
pub const BODY: &str = "body";
/// The revision (N).
pub const REV: &str = "rev";
/// Which write it was (S).
pub const WRITE_ID: &str = "write_id";

/// A sparse index: only items that have its two attributes are in it. One partition holds all of them, which bounds it
/// at 1,000 writes a second: many times what Wix's rate limit lets through.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// The index's name, and the value of its partition attribute.
    pub name: &'static str,
    /// The partition key's attribute (S).
    pub partition: &'static str,
    /// The sort key's attribute (N): milliseconds since the epoch.
    pub sort: &'static str,
}

/// What is due, by when.
pub const DUE: Index = Index {
    name: "due",
    partition: "due_partition",
    sort: "due_at",
};
/// What needs a person, by since when.
pub const ATTENTION: Index = Index {
    name: "attention",
    partition: "attention_partition",
    sort: "attention_since",
};

pub(super) type Item = HashMap<String, AttributeValue>;

/// A ledger in a table.
#[derive(Debug, Clone)]
pub struct DynamoDbLedger {
    pub(super) client: Client,
    pub(super) table: String,
}

impl DynamoDbLedger {
    /// Makes the client; nothing is asked of DynamoDB yet.
    pub fn open(table: &str, aws: &Aws) -> Result<Self, LedgerError> {
        let config = aws
            .sdk_config()
            .map_err(|error| LedgerError::Misconfigured(error.to_string()))?;
        let mut builder = aws_sdk_dynamodb::config::Builder::from(config).push_auth_scheme(aws.signer("dynamodb"));
        if let Some(url) = &aws.settings().dynamodb_endpoint_url {
            builder = builder.endpoint_url(url.as_str());
        }
        Ok(Self {
            client: Client::from_conf(builder.build()),
            table: table.to_owned(),
        })
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Item>, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(KEY, AttributeValue::S(key.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.failed("load", key, &error))?;
        Ok(answer.item)
    }

    async fn index(
        &self,
        index: Index,
        within: Option<(Timestamp, Timestamp)>,
        newest: bool,
        limit: usize,
    ) -> Result<Vec<Indexed>, LedgerError> {
        let mut found = Vec::new();
        let mut from = None;
        let condition = match within {
            Some(_) => "#partition = :partition AND #sort BETWEEN :since AND :until",
            None => "#partition = :partition",
        };
        while found.len() < limit {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(index.name)
                .key_condition_expression(condition)
                .expression_attribute_names("#partition", index.partition)
                .expression_attribute_values(":partition", AttributeValue::S(index.name.to_owned()))
                .scan_index_forward(!newest)
                .set_exclusive_start_key(from);
            let page = match within {
                Some((since, until)) => page
                    .expression_attribute_names("#sort", index.sort)
                    .expression_attribute_values(":since", number(since.as_millis()))
                    .expression_attribute_values(":until", number(until.as_millis())),
                None => page,
            };
            let answer = page
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| self.failed("list", index.name, &error))?;
            for item in answer.items() {
                found.push(Indexed {
                    key: self.text(item, KEY)?,
                    at: Timestamp::from_millis(self.whole(item, index.sort)?),
                });
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn read(&self, item: &Item) -> Result<Entry, LedgerError> {
        let time = |name| match item.get(name) {
            Some(_) => self.whole(item, name).map(|at| Some(Timestamp::from_millis(at))),
            None => Ok(None),
        };
        Ok(Entry {
            key: self.text(item, KEY)?,
            body: self.text(item, BODY)?,
            rev: u64::try_from(self.whole(item, REV)?).map_err(|_| self.not_ours(REV))?,
            write_id: self.text(item, WRITE_ID)?,
            due_at: time(DUE.sort)?,
            attention_since: time(ATTENTION.sort)?,
        })
    }

    pub(super) fn text(&self, item: &Item, name: &'static str) -> Result<String, LedgerError> {
        match item.get(name) {
            Some(AttributeValue::S(text)) => Ok(text.clone()),
            Some(_) | None => Err(self.not_ours(name)),
        }
    }

    pub(super) fn whole(&self, item: &Item, name: &'static str) -> Result<i64, LedgerError> {
        match item.get(name) {
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| self.not_ours(name)),
            Some(_) | None => Err(self.not_ours(name)),
        }
    }

    pub(super) fn not_ours(&self, attribute: &str) -> LedgerError {
        LedgerError::Misconfigured(format!(
            "an item of the table {} has no usable `{attribute}`: LEDGER_URL names a table that something else writes to",
            self.table
        ))
    }

    pub(super) fn failed<E, R>(&self, operation: &'static str, key: &str, error: &SdkError<E, R>) -> LedgerError
    where
        E: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        match SdkFailure::read(error, &format!("the DynamoDB table {}", self.table), "LEDGER_URL") {
            SdkFailure::Misconfigured(reason) => LedgerError::Misconfigured(reason),
            SdkFailure::Unavailable(reason) => LedgerError::Unavailable {
                operation,
                key: key.to_owned(),
                reason,
            },
        }
    }
}

impl Ledger for DynamoDbLedger {
    async fn load(&self, key: &str) -> Result<Option<Entry>, LedgerError> {
        let item = self.get(key).await?;
        item.map(|item| self.read(&item)).transpose()
    }

    async fn store(&self, entry: &Entry) -> Result<Stored, LedgerError> {
        check_size(entry)?;
        let Some(previous) = entry.rev.checked_sub(1) else {
            // Revision 0 follows nothing, as in the other ledgers.
            return Ok(Stored::Conflict(self.load(&entry.key).await?.map(Box::new)));
        };
        // The whole item each time: what is no longer due or in attention leaves its index by itself.
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(entry)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = if previous == 0 {
            put.condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", KEY)
        } else {
            put.condition_expression("#rev = :previous")
                .expression_attribute_names("#rev", REV)
                .expression_attribute_values(":previous", number(previous))
        };
        let Err(error) = put.send().await else {
            return Ok(Stored::Written);
        };
        let Some(PutItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() else {
            return Err(self.failed("store", &entry.key, &error));
        };
        // No item in the refusal means that there is none: it was deleted, or never written.
        let current = refusal.item().map(|item| self.read(item)).transpose()?;
        match current {
            // The SDK repeats a write whose answer was lost, and then sees its own first attempt.
            Some(current) if current.rev == entry.rev && current.write_id == entry.write_id => Ok(Stored::Written),
            current => Ok(Stored::Conflict(current.map(Box::new))),
        }
    }

    async fn remove(&self, key: &str, rev: u64) -> Result<bool, LedgerError> {
        let removed = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(KEY, AttributeValue::S(key.to_owned()))
            .condition_expression("#rev = :rev")
            .expression_attribute_names("#rev", REV)
            .expression_attribute_values(":rev", number(rev))
            .send()
            .await;
        let Err(error) = removed else { return Ok(true) };
        match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Some(_) | None => Err(self.failed("remove", key, &error)),
        }
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.due_since(Timestamp::EPOCH, now, limit).await
    }

    async fn newly_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.index(DUE, Some((Timestamp::EPOCH, now)), true, limit).await
    }

    async fn due_since(&self, since: Timestamp, now: Timestamp, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.index(DUE, Some((since, now)), false, limit).await
    }

    async fn attention(&self, limit: usize) -> Result<Vec<Indexed>, LedgerError> {
        self.index(ATTENTION, None, false, limit).await
    }

    async fn scan(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let mut from = after.map(|key| HashMap::from([(KEY.to_owned(), AttributeValue::S(key.to_owned()))]));
        loop {
            let answer = self
                .client
                .scan()
                .table_name(&self.table)
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| self.failed("list", "all entries", &error))?;
            let is_limit = |item: &&Item| matches!(item.get(KEY), Some(AttributeValue::S(key)) if key == limit::KEY);
            let entries = answer.items().iter().filter(|item| !is_limit(item));
            let entries: Vec<Entry> = entries.map(|item| self.read(item)).collect::<Result<_, _>>()?;
            // A page may be empty and still not the last; for the caller an empty answer is the end.
            if !entries.is_empty() || answer.last_evaluated_key.is_none() {
                return Ok(entries);
            }
            from = answer.last_evaluated_key;
        }
    }
}

fn item(entry: &Entry) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = Item::from([
        (KEY.to_owned(), text(&entry.key)),
        (BODY.to_owned(), text(&entry.body)),
        (REV.to_owned(), number(entry.rev)),
        (WRITE_ID.to_owned(), text(&entry.write_id)),
    ]);
    for (index, at) in [(DUE, entry.due_at), (ATTENTION, entry.attention_since)] {
        if let Some(at) = at {
            item.insert(index.partition.to_owned(), text(index.name));
            item.insert(index.sort.to_owned(), number(at.as_millis()));
        }
    }
    item
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
