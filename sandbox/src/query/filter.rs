//! Filters: the documented fields with the documented operators, and nothing else.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::config::Spelling;
use crate::model::{Instance, Package};
use crate::refusal::Refusal;
use crate::render::{Date, InstanceJson, parse_date, status_word};

/// A filter: all of its conditions must hold.
#[derive(Debug)]
pub(crate) struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Debug)]
enum Condition {
    Text(TextField, TextTest),
    Date(DateField, DateTest, i64),
    Instances(Member, Quantifier, Vec<Value>),
    /// The same, of texts that an index can find.
    InstanceIds(Quantifier, Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextField {
    Id,
    AccountId,
    ExternalId,
}

#[derive(Debug)]
enum TextTest {
    /// One of these; `None` among them stands for absence.
    In(Vec<String>, bool),
    NotEqual(Option<String>),
    Exists(bool),
}

#[derive(Debug, Clone, Copy)]
enum DateField {
    Created,
    Updated,
}

#[derive(Debug, Clone, Copy)]
enum DateTest {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy)]
enum Quantifier {
    Some,
    All,
}

/// What of an instance is compared.
#[derive(Debug, Clone, Copy)]
enum Member {
    Whole,
    SiteId,
    CatalogProductId,
    Status,
    FailureCode,
    BillingType,
    CycleUnit,
    CycleCount,
    CreatedDate,
    UpdatedDate,
    CountryCode,
}

impl Filter {
    pub(crate) fn parse(value: &Value) -> Result<Self, Refusal> {
        let members = match value {
            Value::Null => return Ok(Self { conditions: Vec::new() }),
            Value::Object(members) => members,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(Refusal::field("query.filter", "FORMAT", "must be an object"));
            }
        };
        let mut conditions = Vec::new();
        for (field, test) in members {
            let operators = operators(test);
            for (operator, operand) in operators {
                conditions.push(condition(field, operator, operand)?);
            }
        }
        Ok(Self { conditions })
    }

    pub(crate) fn fits(&self, package: &Package, spelling: &Spelling) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(package, spelling))
    }

    /// The IDs that a package must have one of, where the filter says so.
    pub(crate) fn ids(&self) -> Option<&[String]> {
        self.texts(TextField::Id)
    }

    /// The external IDs that a package must have one of, where the filter says so.
    pub(crate) fn external_ids(&self) -> Option<&[String]> {
        self.texts(TextField::ExternalId)
    }

    /// The instances that a package must have one of, where the filter says so.
    pub(crate) fn instance_ids(&self) -> Option<&[String]> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::InstanceIds(_, ids) => Some(ids.as_slice()),
            Condition::Text(..) | Condition::Date(..) | Condition::Instances(..) => None,
        })
    }

    fn texts(&self, wanted: TextField) -> Option<&[String]> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::Text(field, TextTest::In(values, false)) if *field == wanted => Some(values.as_slice()),
            Condition::Text(..) | Condition::Date(..) | Condition::Instances(..) | Condition::InstanceIds(..) => None,
        })
    }
}

/// `{"$eq": 1, "$ne": 2}` as it is, anything else as `$eq` of itself.
fn operators(test: &Value) -> Vec<(&str, &Value)> {
    match test {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(operator, operand)| (operator.as_str(), operand))
            .collect(),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            vec![("$eq", test)]
        }
    }
}

fn condition(field: &str, operator: &str, operand: &Value) -> Result<Condition, Refusal> {
    let path = || format!("query.filter.{field}");
    let wrong = |what: &str| Refusal::field(path(), "FORMAT", format!("{operator} {what}"));
    let unsupported = || {
        Refusal::field(
            path(),
            "FIELD_NOT_ALLOWED",
            format!("does not support the operator {operator}"),
        )
    };
    if let Some(text_field) = text_field(field) {
        let test = match operator {
            "$eq" => match text(operand).ok_or_else(|| wrong("takes a string or null"))? {
                Some(value) => TextTest::In(vec![value], false),
                None => TextTest::In(Vec::new(), true),
            },
            "$ne" => TextTest::NotEqual(text(operand).ok_or_else(|| wrong("takes a string or null"))?),
            "$in" => {
                let items = operand.as_array().ok_or_else(|| wrong("takes an array"))?;
                let values: Option<Vec<Option<String>>> = items.iter().map(text).collect();
                let values = values.ok_or_else(|| wrong("takes an array of strings"))?;
                let absent = values.contains(&None);
                TextTest::In(values.into_iter().flatten().collect(), absent)
            }
            "$exists" => TextTest::Exists(operand.as_bool().ok_or_else(|| wrong("takes true or false"))?),
            _ => return Err(unsupported()),
        };
        return Ok(Condition::Text(text_field, test));
    }
    let date_field = match field {
        "createdDate" => Some(DateField::Created),
        "updatedDate" => Some(DateField::Updated),
        _ => None,
    };
    if let Some(date_field) = date_field {
        let test = match operator {
            "$eq" => DateTest::Equal,
            "$ne" => DateTest::NotEqual,
            "$gt" => DateTest::Greater,
            "$lt" => DateTest::Less,
            "$gte" => DateTest::GreaterOrEqual,
            "$lte" => DateTest::LessOrEqual,
            _ => return Err(unsupported()),
        };
        let date = operand.as_str().and_then(parse_date);
        let date = date.ok_or_else(|| wrong("takes a date such as 2026-01-31T09:30:00.000Z"))?;
        return Ok(Condition::Date(date_field, test, date));
    }
    let name = field
        .strip_prefix("productInstances")
        .map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    let Some(name) = name else {
        return Err(Refusal::field(path(), "FIELD_NOT_ALLOWED", "cannot be filtered by"));
    };
    let quantifier = match operator {
        "$hasSome" => Quantifier::Some,
        "$hasAll" => Quantifier::All,
        _ => return Err(unsupported()),
    };
    let values = operand.as_array().ok_or_else(|| wrong("takes an array"))?;
    if name == "instanceId" {
        let ids: Option<Vec<String>> = values
            .iter()
            .map(|value| value.as_str().map(str::to_lowercase))
            .collect();
        return Ok(Condition::InstanceIds(
            quantifier,
            ids.ok_or_else(|| wrong("takes an array of strings"))?,
        ));
    }
    let member = member(name).ok_or_else(|| Refusal::field(path(), "FIELD_NOT_ALLOWED", "cannot be filtered by"))?;
    Ok(Condition::Instances(member, quantifier, values.clone()))
}

fn text_field(field: &str) -> Option<TextField> {
    match field {
        "id" => Some(TextField::Id),
        "accountId" => Some(TextField::AccountId),
        "externalId" => Some(TextField::ExternalId),
        _ => None,
    }
}

fn member(name: &str) -> Option<Member> {
    match name {
        "" => Some(Member::Whole),
        "siteId" => Some(Member::SiteId),
        "catalogProductId" => Some(Member::CatalogProductId),
        "status" => Some(Member::Status),
        "failure.code" => Some(Member::FailureCode),
        "billingInfo.type" => Some(Member::BillingType),
        "billingInfo.cycleDuration.unit" => Some(Member::CycleUnit),
        "billingInfo.cycleDuration.count" => Some(Member::CycleCount),
        "createdDate" => Some(Member::CreatedDate),
        "updatedDate" => Some(Member::UpdatedDate),
        "countryCode" => Some(Member::CountryCode),
        _ => None,
    }
}

/// A string, or `null` for absence; `None` where it is neither.
#[expect(clippy::option_option, reason = "neither a string nor null is a third case")]
fn text(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Condition {
    fn holds(&self, package: &Package, spelling: &Spelling) -> bool {
        match self {
            Self::Text(field, test) => match field {
                TextField::Id => test.holds(Some(&package.id.to_string())),
                TextField::AccountId => test.holds(Some(&package.account_id.to_string())),
                TextField::ExternalId => test.holds(package.external_id.as_deref()),
            },
            Self::Date(field, test, date) => {
                let value = match field {
                    DateField::Created => package.created_ms,
                    DateField::Updated => package.updated_ms,
                };
                test.holds(value.cmp(date))
            }
            Self::Instances(member, quantifier, values) => {
                let has = |value: &Value| {
                    package
                        .instances
                        .iter()
                        .any(|instance| member.equals(instance, value, spelling))
                };
                quantifier.holds(values, has)
            }
            Self::InstanceIds(quantifier, ids) => {
                let has = |id: &String| package.instances.iter().any(|instance| instance.id.to_string() == *id);
                quantifier.holds(ids, has)
            }
        }
    }
}

impl TextTest {
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values, absent) => match value {
                Some(value) => values.iter().any(|wanted| wanted == value),
                None => *absent,
            },
            Self::NotEqual(other) => value != other.as_deref(),
            Self::Exists(exists) => value.is_some() == *exists,
        }
    }
}

impl DateTest {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::Less => ordering.is_lt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

impl Quantifier {
    fn holds<T>(self, values: &[T], has: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Some => values.iter().any(has),
            Self::All => values.iter().all(has),
        }
    }
}

impl Member {
    fn equals(self, instance: &Instance, value: &Value, spelling: &Spelling) -> bool {
        let is = |text: &str| value.as_str() == Some(text);
        let cycle = instance.billing.and_then(|billing| billing.cycle_duration);
        match self {
            Self::Whole => {
                let shown = serde_json::to_value(InstanceJson(instance, spelling));
                shown.is_ok_and(|shown| is_part_of(value, &shown))
            }
            Self::SiteId => instance.site_id.is_some_and(|id| is(&id.to_string())),
            Self::CatalogProductId => is(&instance.catalog_product_id.to_string()),
            // A documented example asks for "Enabled".
            Self::Status => value.as_str().is_some_and(|wanted| {
                wanted.eq_ignore_ascii_case(instance.status.as_str())
                    || wanted.eq_ignore_ascii_case(status_word(&instance.status, spelling))
            }),
            Self::FailureCode => instance.failure.as_ref().is_some_and(|failure| is(&failure.code)),
            Self::BillingType => instance.billing.is_some_and(|billing| is(billing.kind.as_str())),
            Self::CycleUnit => cycle.is_some_and(|cycle| is(cycle.unit.as_str())),
            Self::CycleCount => cycle.is_some_and(|cycle| value.as_u64() == Some(u64::from(cycle.count))),
            Self::CreatedDate => is_date(value, instance.created_ms),
            Self::UpdatedDate => is_date(value, instance.updated_ms),
            Self::CountryCode => instance.country_code.as_deref().is_some_and(is),
        }
    }
}

fn is_date(value: &Value, date: i64) -> bool {
    value
        .as_str()
        .is_some_and(|text| parse_date(text) == Some(date) || text == Date(date).to_string())
}

/// Whether all that `part` says is said by `whole`.
fn is_part_of(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part_of_members(part, whole),
        _ => part == whole,
    }
}

fn part_of_members(part: &Map<String, Value>, whole: &Map<String, Value>) -> bool {
    part.iter()
        .all(|(name, value)| whole.get(name).is_some_and(|other| is_part_of(value, other)))
}
