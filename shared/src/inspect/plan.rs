//! What would be done for an order, and bought: decided by the code that decides, on a copy that nobody keeps. Nothing is
//! written and nobody is called.

use serde::Serialize;
use serde_json::Value;

use super::story::{UnitGroup, units_of};
use super::{InspectError, Inspector, ShownProblem, command, not_understood, shown};
use crate::catalog::Catalog;
use crate::fulfilment::calls::Call;
use crate::fulfilment::record::{Change, Kind, Line, Plan, RecordError};
use crate::fulfilment::verbs::{Release, Retry, release, retry};
use crate::fulfilment::{OrderRecord, Step, attention, decide};
use crate::ids::AccountId;
use crate::ledger::Ledger;
use crate::order::{OrderEvent, OrderKey};
use crate::time::{Clock, Timestamp};

/// In place of the reseller's own account, which only who has the secret knows: nothing is sent for it.
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

/// What is to be planned, and from which catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planning {
    /// The order.
    pub key: OrderKey,
    /// What is told of it, beside what the ledger has.
    pub events: Vec<OrderEvent>,
    /// The text of another catalog than the one that is deployed.
    pub catalog: Option<String>,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The order's key.
    pub key: OrderKey,
    /// The ledger has the order.
    pub is_known: bool,
    /// What is told says something that the ledger does not have.
    pub is_news: bool,
    /// Without anybody's doing.
    pub by_itself: Outlook,
    /// If somebody retried it; only where that would do something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_retried: Option<Outlook>,
    /// If somebody released it; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_released: Option<Outlook>,
}

/// Where one decision leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// The next thing to do, in words.
    pub next: String,
    /// How many paid products would be bought in all.
    pub buys: u32,
    /// How many free extras would be bought with them.
    pub vouchers: u32,
    /// What each unit would be, or is; equal ones together.
    pub units: Vec<UnitGroup>,
    /// What would need a person.
    pub problems: Vec<ShownProblem>,
}

impl Planning {
    pub(super) fn parse(value: &Value) -> Result<Self, InspectError> {
        let members = value
            .as_object()
            .ok_or_else(|| not_understood("\"plan\" wants an object"))?;
        let mut planning = (None, Vec::new(), None);
        for (name, value) in members {
            match (name.as_str(), value) {
                ("order", value) => planning.0 = Some(super::key("order", value)?),
                ("events", Value::Array(events)) => {
                    for event in events {
                        let event = OrderEvent::from_json(&event.to_string());
                        planning
                            .1
                            .push(event.map_err(|error| not_understood(&error.to_string()))?);
                    }
                }
                ("catalog", Value::String(text)) => planning.2 = Some(text.clone()),
                (other, _) => {
                    return Err(not_understood(&format!(
                        "\"plan\" has no member {:?} of this kind: there are \"order\", \"events\" and \"catalog\"",
                        shown(other)
                    )));
                }
            }
        }
        let (key, events, catalog) = planning;
        let key = key.or_else(|| events.first().map(|event| event.key.clone()));
        let key = key.ok_or_else(|| not_understood("\"plan\" wants an order or an event"))?;
        if events.iter().any(|event| event.key != key) {
            return Err(not_understood("\"plan\" wants events of one order"));
        }
        Ok(Self { key, events, catalog })
    }
}

impl<L: Ledger, C: Clock, Q> Inspector<L, C, Q> {
    pub(super) async fn plan(&self, planning: &Planning) -> Result<Planned, InspectError> {
        let catalog = match (&planning.catalog, &self.catalog_problem) {
            (Some(text), _) => text,
            (None, None) => &self.catalog_text,
            (None, Some(problem)) => return Err(InspectError::Catalog(problem.clone())),
        };
        let catalog = Catalog::from_toml(catalog).map_err(|errors| InspectError::Catalog(errors.to_string()))?;
        let entry = self.ledger.load(&planning.key.to_string()).await?;
        let is_known = entry.is_some();
        let mut record = match entry {
            Some(entry) => {
                OrderRecord::from_json(&entry.body).map_err(|error| InspectError::Record(error.to_string()))?
            }
            None if planning.events.is_empty() => return Err(InspectError::NoSuchOrder(planning.key.clone())),
            None => OrderRecord::new(planning.key.clone()),
        };
        let mut is_news = false;
        for event in &planning.events {
            is_news |= record.apply(event);
        }
        let now = self.clock.now();
        let wrong = |error: RecordError| InspectError::Record(error.to_string());
        let own = NOBODYS
            .parse::<AccountId>()
            .map_err(|error| InspectError::Record(error.to_string()))?;
        let by_itself = self.outlook(record.clone(), &catalog, &own, now).map_err(wrong)?;
        let is_more =
            |outlook: &Outlook| outlook.buys > by_itself.buys || outlook.problems.len() < by_itself.problems.len();
        let mut released = record.clone();
        retry(&mut record, &Retry::default(), now).map_err(wrong)?;
        let if_retried = self.outlook(record, &catalog, &own, now).map_err(wrong)?;
        release(&mut released, &Release::default(), now);
        let if_released = self.outlook(released, &catalog, &own, now).map_err(wrong)?;
        let (if_retried, if_released) = (
            is_more(&if_retried).then_some(if_retried),
            is_more(&if_released).then_some(if_released),
        );
        Ok(Planned {
            key: planning.key.clone(),
            is_known,
            is_news,
            by_itself,
            if_retried,
            if_released,
        })
    }

    fn outlook(
        &self,
        mut record: OrderRecord,
        catalog: &Catalog,
        own: &AccountId,
        now: Timestamp,
    ) -> Result<Outlook, RecordError> {
        let step = decide(&mut record, catalog, own, &self.settings, now)?;
        let units = units_of(&record, now);
        let buys = units.iter().map(UnitGroup::would_buy).fold(0, u32::saturating_add);
        let key = record.key().to_string();
        let problems = attention(&record, &self.settings, now);
        Ok(Outlook {
            next: in_words(&step),
            buys,
            vouchers: vouchers(&record, &units),
            problems: problems
                .into_iter()
                .map(|problem| ShownProblem {
                    command: command::ending(&key, &problem, None),
                    problem,
                })
                .collect(),
            units,
        })
    }
}

/// The free extras of units that are not bought yet.
fn vouchers(record: &OrderRecord, units: &[UnitGroup]) -> u32 {
    let has_voucher = |unit: &&UnitGroup| {
        let line = record.lines().iter().find(|line| *line.id() == unit.line);
        let mut runs = line.into_iter().flat_map(Line::numbered_runs);
        runs.any(|(first, run)| {
            let is_of = (first..first.saturating_add(run.count)).contains(&unit.first);
            let Plan::Buy(components) = &run.plan else { return false };
            let at = unit.component.map_or(0, |component| component.saturating_sub(1));
            let component = usize::try_from(at).ok().and_then(|at| components.get(at));
            is_of && component.is_some_and(|component| component.voucher.is_some())
        })
    };
    let bought = units.iter().filter(|unit| unit.would_buy() > 0);
    bought
        .filter(has_voucher)
        .map(UnitGroup::would_buy)
        .fold(0, u32::saturating_add)
}

fn in_words(step: &Step) -> String {
    match step {
        Step::Rest => "nothing is done by itself".to_owned(),
        Step::Wait(at) => format!("nothing before {at}"),
        Step::Watch(at) => format!("nothing but a look at {at}"),
        Step::Call(call) => of_call(call),
    }
}

fn of_call(call: &Call) -> String {
    let noun = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    };
    match call {
        Call::Create(draft) => match draft.id.kind {
            Kind::Base => format!(
                "Create Package {} with {}",
                draft.id,
                noun(draft.items.len(), "product")
            ),
            Kind::Voucher => format!(
                "Create Package {} with {}",
                draft.id,
                noun(draft.items.len(), "free extra")
            ),
        },
        Call::SendAgain(id) => format!("Create Package {id} again, with the same request"),
        Call::LookUp(id) => format!("Query Packages for {id}, before anything is bought"),
        Call::Read(_) => "Get Package: what Wix has is read again".to_owned(),
        Call::Change(needed) => {
            let first = needed.first().map(|needed| match needed.change {
                Change::Assign => "Assign Product Instance To Site",
                Change::Unassign => "Unassign Product Instance From Site",
                Change::Cancel => "Cancel Product Instance",
                Change::Move => "Assign Product Instance To another Site",
                Change::Return => "Assign Product Instance back To its Site",
                Change::Adjust => "Adjust Product Instance Specifications",
            });
            format!("{}, {}", first.unwrap_or("nothing"), noun(needed.len(), "instance"))
        }
        Call::Tag(id, reference) => format!("Update Package External ID of {id} to {reference}"),
    }
}
