//! `probe`: what nobody knows of the real Wix, found out in a contract account. It buys the cheapest product a few times,
//! watches, and cancels what it made. Nothing of it is in the ledger: the audit names what should be left as nobody's.
//!
//! - `tries` each question, with the calls that answer it;
//! - here the order of them, what is canceled at the end whatever came, and which settings fit.

use std::time::Duration;

use reseller_hooks::secrets::SecretDocument;
use reseller_hooks::wix::{BillingInfo, Client, ClientConfig, CycleUnit, ProductInput};
use serde_json::{Value, json};

use super::as_json;
use crate::arguments::{Billing, Probe};
use crate::backend::Backend;
use crate::exit::{Exit, Failure};
use crate::out::{Look, Out};

mod tries;

use tries::Prober;

/// Above the longest lag that was seen, so that one slow query does not buy twice.
const TWICE: u32 = 2;
/// What a set-up has where nobody says.
const USUAL_SETTLE: u64 = 60;

/// What was found out.
struct Finding {
    question: &'static str,
    answer: String,
    /// The word for programs.
    word: &'static str,
}

pub(super) async fn run(backend: &Backend, options: &Probe, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let document = SecretDocument::parse(backend.wix_secret().await?).map_err(Failure::new)?;
    let wix = document.require_wix().map_err(|error| {
        Failure::new(format_args!("Wix's secret: {error}")).hint("reseller secrets check says what it lacks")
    })?;
    if !options.yes {
        out.note(format_args!(
            "this buys product {} up to four times in the account {}, each in a package of its own, and cancels it; what Wix \
             charges for that, it charges",
            options.product,
            wix.account_id.as_str()
        ));
        if !out.confirms("Go on?")? {
            return Err(Failure::with(Exit::Declined, "nothing was done"));
        }
    }
    let config = ClientConfig {
        base_url: backend.wix_base_url(),
        ..ClientConfig::default()
    };
    let client = Client::new(config, wix.api_key.clone()).map_err(Failure::new)?;
    let mut prober = Prober::new(client, wix.account_id.clone(), product(options)?);
    let asked = ask(&mut prober, options, out).await;
    // Whatever came: nothing that was bought stays.
    out.progress("what was bought is canceled");
    let left = prober.cancel_all().await;
    let (findings, lag) = asked?;
    said(out, &findings, lag, &left)?;
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::new(format_args!(
        "these packages could not be canceled: {}",
        left.join(", ")
    ))
    .hint("cancel them in Wix's reseller account: they are paid for until then"))
}

fn product(options: &Probe) -> Result<ProductInput, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::with(Exit::Usage, error);
    Ok(ProductInput {
        catalog_product_id: options.product.parse().map_err(|error| wrong(&error))?,
        site_id: None,
        billing_info: Some(match options.billing {
            Billing::Once => BillingInfo::one_time(),
            Billing::Monthly => BillingInfo::recurring(CycleUnit::Month, 1),
            Billing::Yearly => BillingInfo::recurring(CycleUnit::Year, 1),
        }),
        country_code: options.country.parse().map_err(|error| wrong(&error))?,
        discount_code: None,
        reference_product_instance_id: None,
    })
}

/// Each question in turn: the findings, and how long a query was late.
async fn ask(
    prober: &mut Prober,
    options: &Probe,
    out: &mut Out<'_>,
) -> Result<(Vec<Finding>, Option<Duration>), Failure> {
    let mut findings = Vec::new();
    out.progress("one package is bought, and looked for");
    let (package, lag) = prober.lag(Duration::from_secs(options.lag)).await?;
    findings.push(Finding {
        question: "how late is a query after a create",
        answer: lag.map_or_else(
            || format!("more than {} s: the package did not appear", options.lag),
            |lag| format!("{:.1} s", lag.as_secs_f64()),
        ),
        word: if lag.is_some() { "seen" } else { "unseen" },
    });
    out.progress("the same request is sent twice");
    findings.push(prober.same_key_twice().await?);
    out.progress("a key is used for another request");
    findings.push(prober.same_key_other_body().await?);
    out.progress("a product that does not exist is asked for");
    findings.push(prober.refusal().await?);
    if let [site, other] = options.sites.as_slice() {
        out.progress("an instance is assigned, and assigned to another site");
        let parsed = |site: &String| site.parse().map_err(|error| Failure::with(Exit::Usage, error));
        findings.push(prober.moves(&package, parsed(site)?, parsed(other)?).await);
    }
    if let Some(other) = &options.other_product {
        out.progress("an instance is adjusted twice");
        let other = other.parse().map_err(|error| Failure::with(Exit::Usage, error))?;
        findings.push(prober.adjusts_twice(&package, other).await);
    }
    out.progress("a package is canceled twice");
    findings.push(prober.cancels_twice(&package).await);
    Ok((findings, lag))
}

/// The settle time that fits what was seen; nothing where the package did not appear at all.
fn settle(lag: Option<Duration>) -> Option<u64> {
    let lag = lag?.as_secs() + 1;
    Some((lag * u64::from(TWICE)).max(USUAL_SETTLE))
}

fn said(out: &mut Out<'_>, findings: &[Finding], lag: Option<Duration>, left: &[String]) -> Result<(), Failure> {
    let settle = settle(lag);
    let all: Vec<Value> = findings
        .iter()
        .map(|finding| json!({ "question": finding.question, "answer": finding.answer, "word": finding.word }))
        .collect();
    if as_json(
        out,
        &json!({ "schema": 1, "findings": all, "settle_seconds": settle, "not_canceled": left }),
    )? {
        return Ok(());
    }
    for finding in findings {
        let answer = out.look(Look::Bold, &finding.answer);
        out.line(format_args!("{}: {answer}", finding.question))?;
    }
    out.line("")?;
    out.line(match settle {
        Some(seconds) => format!("SETTLE_SECONDS={seconds} (parameter SettleSeconds) fits what was seen"),
        None => {
            "no SETTLE_SECONDS that may be set fits: ask Wix how late its queries may be, and stay paused".to_owned()
        }
    })?;
    let ignores = findings.iter().any(|finding| finding.word == "bought_twice");
    out.line(if ignores {
        "idempotency keys are not honoured: what keeps an order from being bought twice is the look-up, so the settle time must be right"
    } else {
        "what else is set may stay as it is"
    })
}
