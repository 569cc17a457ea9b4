//! What the demo prints at its end: the answers to the deliveries, the orders with their packages as Wix shows them now,
//! and what needs a person.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::deliver::Delivered;
use super::orders::{self, Order};
use super::sandbox::{Instance, Package};
use super::stage::Stage;
use super::table::{Table, cut, short, wrapped};
use crate::failure::Failure;

const WIDTH: usize = 100;

pub(super) async fn all(stage: &Stage, delivered: &[Delivered], audit: Option<&Value>) -> Result<(), Failure> {
    println!("\nDeliveries, and how they were answered\n");
    println!("{}", deliveries(delivered));
    let (orders, unknown) = orders::read(stage).await?;
    println!("Orders, and what Wix has for them\n");
    println!("{}", order_table(&orders));
    let (creates, created) = stage.sandbox.calls("createPackage").await?;
    println!(
        "{} packages in {creates} calls of Create Package ({created} created something); {} calls to Wix in all.\n",
        orders
            .iter()
            .map(|order| order.packages.len() + order.vouchers.len())
            .sum::<usize>(),
        stage.sandbox.all_calls().await?,
    );
    let (_, adjusted) = stage.sandbox.calls("adjustProductInstance").await?;
    if adjusted > 0 {
        println!("{adjusted} instances were adjusted to another plan, with no package more.\n");
    }
    attention(&stage.lambda.invoke("reconcile", &json!({ "attention": {} })).await?);
    if let Some(audit) = audit {
        println!("The audit said\n");
        let number = |name: &str| audit.get(name).and_then(Value::as_u64).unwrap_or_default();
        println!(
            "  {} packages compared with {} orders: {} ended at Wix by itself, {} bought by nobody here\n",
            number("packages"),
            number("orders"),
            number("ended"),
            number("foreign")
        );
        for package in unknown {
            println!("  nobody's: package {} ({})\n", short(&package.id), package.external_id);
        }
    }
    Ok(())
}

fn deliveries(delivered: &[Delivered]) -> String {
    let mut table = Table::new(&["delivery", "topic", "status", "answer"]);
    for delivery in delivered {
        let answer: String = delivery.answer.trim().chars().take(60).collect();
        table.row(vec![
            delivery.label.to_owned(),
            delivery.topic.to_owned(),
            delivery.status.to_string(),
            answer,
        ]);
    }
    table.text()
}

/// Two lines for each order: its package, and its voucher package.
fn order_table(orders: &[Order]) -> String {
    let mut table = Table::new(&["order", "", "package", "external ID", "instances"]);
    for order in orders {
        let state = match (order.is_due, order.needs_a_person) {
            (_, true) => "needs a person",
            (true, false) => "due",
            (false, false) => "settled",
        };
        let bought: Vec<(&str, &Package)> = [("paid", &order.packages), ("voucher", &order.vouchers)]
            .into_iter()
            .flat_map(|(kind, packages)| packages.iter().map(move |package| (kind, package)))
            .collect();
        for line in 0..bought.len().max(2) {
            let first = match line {
                0 => cut(&order.key),
                1 => format!("  {state}"),
                _ => String::new(),
            };
            let cells = match bought.get(line) {
                Some((kind, package)) => [
                    (*kind).to_owned(),
                    short(&package.id),
                    cut(&package.external_id),
                    statuses(&package.instances),
                ],
                None if line == 0 => ["nothing", "–", "–", "–"].map(str::to_owned),
                None => Default::default(),
            };
            table.row([vec![first], cells.to_vec()].concat());
        }
    }
    table.text()
}

/// `1 ENABLED on its site, 2 ENABLED`.
fn statuses(instances: &[Instance]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for instance in instances {
        *counts.entry(words(instance)).or_default() += 1;
    }
    let shown: Vec<String> = counts.iter().map(|(words, count)| format!("{count} {words}")).collect();
    shown.join(", ")
}

fn words(instance: &Instance) -> String {
    let place = match (instance.on_site(), instance.is_voucher) {
        (true, _) => " on its site",
        (false, false) => " floating",
        (false, true) => "",
    };
    format!("{}{place}", instance.status)
}

fn attention(answer: &Value) {
    let orders: Vec<&Value> = answer
        .get("orders")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    if orders.is_empty() {
        println!("Nothing needs a person.\n");
        return;
    }
    println!("What needs a person, and what to do\n");
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for order in orders {
        for item in order.get("items").and_then(Value::as_array).into_iter().flatten() {
            println!(
                "  {} · {} · {}",
                text(order, "key"),
                text(item, "what"),
                text(item, "code")
            );
            println!("{}\n", wrapped(&text(item, "advice"), "    ", WIDTH));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_counted_by_what_is_true_of_them() {
        let instance = |on_site: bool| Instance {
            id: "i".to_owned(),
            status: "ENABLED".to_owned(),
            site: on_site.then(|| "s".to_owned()),
            cycle: "YEAR".to_owned(),
            is_voucher: false,
        };
        assert_eq!(
            statuses(&[instance(true), instance(false), instance(false)]),
            "2 ENABLED floating, 1 ENABLED on its site"
        );
    }
}
