//! The item of the limit in DynamoDB. [`Take`] is one `UpdateItem`, so that many processes may take at the same time;
//! whatever is rarer replaces the item if its revision is the one that was seen.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::LedgerError;
use super::dynamodb::{DynamoDbLedger, Item, KEY, REV, number};
use super::limit::{self, Change, Changed, Limit, LimitStore, Step, Take, Turned, Window};
use crate::time::Timestamp;

const HOME: &str = "home";
const WINDOW: &str = "window";
const LEFT: &str = "left";
const NEXT: &str = "next";
const CAP: &str = "cap";
const TOP: &str = "top";
const MOVED: &str = "moved";
const SLOWED: &str = "slowed";
const BOUGHT: &str = "bought";
/// Who paused, as JSON; not there while nobody has.
const PAUSED: &str = "paused";
/// Since when the brake is on, as JSON; not there while it is off.
const BRAKED: &str = "braked";
/// When it was resumed after a restore (N); not there where it never was restored.
const RESTORED: &str = "restored";
/// The ID of the table (S); not there before somebody looked.
const TABLE: &str = "table_id";

impl LimitStore for DynamoDbLedger {
    /// The name of the table. A restore makes a table of another name.
    fn home(&self) -> &str {
        &self.table
    }

    async fn table(&self) -> Result<Option<String>, LedgerError> {
        let described = self.client.describe_table().table_name(&self.table).send().await;
        let described = described.map_err(|error| self.failed("describe", limit::KEY, &error))?;
        let table = described.table();
        Ok(table.and_then(|table| table.table_id()).map(str::to_owned))
    }

    async fn limit(&self) -> Result<Option<Limit>, LedgerError> {
        let item = self.get(limit::KEY).await?;
        item.map(|item| self.read_limit(&item)).transpose()
    }

    async fn change_limit(&self, change: &Change) -> Result<Changed, LedgerError> {
        match change {
            Change::Take(take) => self.take(take).await,
            Change::Put { seen, item } => self.put_limit(*seen, item).await,
        }
    }
}

impl DynamoDbLedger {
    async fn take(&self, take: &Take) -> Result<Changed, LedgerError> {
        let mut expressions = Expressions::default();
        expressions.of(take);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, AttributeValue::S(limit::KEY.to_owned()))
            .update_expression(format!("SET {}", expressions.changes.join(", ")))
            .condition_expression(expressions.conditions.join(" AND "))
            .set_expression_attribute_names(Some(expressions.names))
            .set_expression_attribute_values(Some(expressions.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match update.send().await {
            Ok(answer) => {
                let item = answer.attributes().ok_or_else(|| self.not_ours(WINDOW))?;
                return self.read_limit(item).map(|item| Changed::Done(Box::new(item)));
            }
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() else {
            return Err(self.failed("change", limit::KEY, &error));
        };
        self.refused(refusal.item())
    }

    async fn put_limit(&self, seen: Option<u64>, item: &Limit) -> Result<Changed, LedgerError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(written(item)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match seen {
            None => put
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", KEY),
            Some(seen) => put
                .condition_expression("#rev = :seen")
                .expression_attribute_names("#rev", REV)
                .expression_attribute_values(":seen", number(seen)),
        };
        let Err(error) = put.send().await else {
            return Ok(Changed::Done(Box::new(item.clone())));
        };
        let Some(PutItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() else {
            return Err(self.failed("change", limit::KEY, &error));
        };
        self.refused(refusal.item())
    }

    fn refused(&self, item: Option<&Item>) -> Result<Changed, LedgerError> {
        let current = item.map(|item| self.read_limit(item)).transpose()?;
        Ok(Changed::Refused(current.map(Box::new)))
    }

    fn read_limit(&self, item: &Item) -> Result<Limit, LedgerError> {
        let window = |name| self.whole(item, name).map(Window);
        let count = |name| u32::try_from(self.whole(item, name)?).map_err(|_| self.not_ours(name));
        let turned = |name| -> Result<Option<Turned>, LedgerError> {
            if !item.contains_key(name) {
                return Ok(None);
            }
            let text = self.text(item, name)?;
            serde_json::from_str(&text).map(Some).map_err(|_| self.not_ours(name))
        };
        Ok(Limit {
            home: self.text(item, HOME)?,
            rev: u64::try_from(self.whole(item, REV)?).map_err(|_| self.not_ours(REV))?,
            window: window(WINDOW)?,
            left: count(LEFT)?,
            next: count(NEXT)?,
            cap: count(CAP)?,
            top: count(TOP)?,
            moved: window(MOVED)?,
            slowed: window(SLOWED)?,
            bought: count(BOUGHT)?,
            paused: turned(PAUSED)?,
            braked: turned(BRAKED)?,
            restored: match item.contains_key(RESTORED) {
                true => Some(Timestamp::from_millis(self.whole(item, RESTORED)?)),
                false => None,
            },
            table: match item.contains_key(TABLE) {
                true => Some(self.text(item, TABLE)?),
                false => None,
            },
        })
    }
}

/// What an update says: [`Take::from`] in DynamoDB's words. Every name is a placeholder, because some are reserved.
#[derive(Default)]
struct Expressions {
    changes: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expressions {
    fn of(&mut self, take: &Take) {
        for name in [REV, HOME, WINDOW, LEFT, NEXT, CAP, TOP, BOUGHT, PAUSED] {
            self.names.insert(format!("#{name}"), name.to_owned());
        }
        let enough = u64::from(take.calls) + u64::from(take.leave);
        for (name, value) in [
            (":one", 1),
            (":calls", take.calls.into()),
            (":enough", enough),
            (":ahead", take.ahead.into()),
            (":units", take.units.into()),
            (":top", take.top.into()),
        ] {
            self.values.insert(name.to_owned(), number(value));
        }
        self.values
            .insert(":home".to_owned(), AttributeValue::S(take.home.clone()));
        self.values.insert(":window".to_owned(), number(take.window.0));
        self.when("#home = :home AND #top = :top AND attribute_not_exists(#paused)");
        let (left, next) = match take.step {
            Step::Same => {
                self.when("#window = :window");
                (LEFT, NEXT)
            }
            Step::Next => {
                self.values.insert(":before".to_owned(), number(take.window.plus(-1).0));
                self.when("#window = :before");
                (NEXT, CAP)
            }
            Step::Later => {
                self.values.insert(":before".to_owned(), number(take.window.plus(-1).0));
                self.when("#window < :before");
                (CAP, CAP)
            }
        };
        self.when(&format!("#{left} >= :enough AND #{next} >= :ahead"));
        if take.step != Step::Same {
            self.values.insert(":hour".to_owned(), number(take.window.hour().0));
            self.when(if take.new_hour {
                "#window < :hour"
            } else {
                "#window >= :hour"
            });
        }
        if take.units > 0 {
            self.names.insert(format!("#{BRAKED}"), BRAKED.to_owned());
            self.when("attribute_not_exists(#braked)");
            if !take.new_hour {
                self.values.insert(":most".to_owned(), number(take.most));
                self.when("#bought < :most");
            }
        }
        self.changes = vec![
            "#rev = #rev + :one".to_owned(),
            "#window = :window".to_owned(),
            format!("#left = #{left} - :calls"),
            format!("#next = #{next} - :ahead"),
            if take.new_hour {
                "#bought = :units".to_owned()
            } else {
                "#bought = #bought + :units".to_owned()
            },
        ];
        // A name that no expression uses is refused.
        let used = format!("{} {}", self.changes.join(" "), self.conditions.join(" "));
        self.names.retain(|name, _| used.contains(name.as_str()));
    }

    fn when(&mut self, condition: &str) {
        self.conditions.push(condition.to_owned());
    }
}

fn written(limit: &Limit) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = Item::from([
        (KEY.to_owned(), text(limit::KEY)),
        (HOME.to_owned(), text(&limit.home)),
        (REV.to_owned(), number(limit.rev)),
        (WINDOW.to_owned(), number(limit.window.0)),
        (LEFT.to_owned(), number(limit.left)),
        (NEXT.to_owned(), number(limit.next)),
        (CAP.to_owned(), number(limit.cap)),
        (TOP.to_owned(), number(limit.top)),
        (MOVED.to_owned(), number(limit.moved.0)),
        (SLOWED.to_owned(), number(limit.slowed.0)),
        (BOUGHT.to_owned(), number(limit.bought)),
    ]);
    if let Some(at) = limit.restored {
        item.insert(RESTORED.to_owned(), number(at.as_millis()));
    }
    if let Some(table) = &limit.table {
        item.insert(TABLE.to_owned(), text(table));
    }
    for (name, turned) in [(PAUSED, &limit.paused), (BRAKED, &limit.braked)] {
        if let Some(turned) = turned {
            // Strings and times always serialise.
            let json = serde_json::to_string(turned).unwrap_or_default();
            item.insert(name.to_owned(), AttributeValue::S(json));
        }
    }
    item
}
