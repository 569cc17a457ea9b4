//! The doctor: content with a good set-up, and naming what is wrong in each broken one.

use reseller::Exit;
use reseller_hooks::time::{Clock as _, SystemClock, Timestamp};

use super::aws::{Cloud, with_credentials};
use super::shop::{Ran, Shop};

/// A set-up that works, and a patient doctor.
fn looked_at(change: impl FnOnce(&Shop)) -> Ran {
    let shop = Shop::new();
    change(&shop);
    shop.employs();
    shop.types(&["doctor", "--wait", "20"])
}

#[test]
fn the_doctor_is_content_with_a_good_set_up_in_the_order_of_repair() {
    let shop = Shop::new();
    shop.sells("shopify/orders_paid.json", "orders/paid");
    let (bought, calls) = (shop.created(), shop.types(&["order", "list"]).done().out);
    shop.employs();
    // The second time the order is there already.
    for _ in 0..2 {
        let ran = shop.types(&["doctor", "--wait", "20"]).done();
        assert!(!ran.out.contains("!!"), "{}", ran.out);
        let mut rest = ran.out.as_str();
        for part in [
            "the variables of a local run are there",
            "inspect answers",
            "the queue parked answers",
            "the catalog is read",
            "Wix's secret has an API key",
            "Wix takes the key",
            "shopify has signing secrets",
            "an unsigned delivery to shopify is refused (401)",
            "a signed delivery to shopify is taken (200)",
            "shopify: a canceled test order went through",
            "wix: only Wix can sign",
            "a signed delivery to woocommerce is taken (200)",
            "woocommerce: a canceled test order went through",
            "stripe: a canceled test order went through",
            "standard: a canceled test order went through",
            "the clocks of this machine",
        ] {
            let at = rest.find(part).unwrap_or_else(|| panic!("{part}: {}", ran.out));
            rest = &rest[at..];
        }
    }
    assert_eq!(shop.created(), bought, "nothing is bought");
    let listed = shop.types(&["order", "list"]).done().out;
    assert_eq!(
        listed.lines().count(),
        calls.lines().count() + 4,
        "one order for each: {listed}"
    );
    assert_eq!(shop.types(&["attention", "--exit-code"]).done().out, "");
}

#[test]
fn a_doctor_who_may_not_deliver_leaves_nothing_in_the_ledger() {
    let shop = Shop::new();
    let ran = shop.types(&["doctor", "--no-delivery"]).done();
    assert!(ran.out.contains("--  nothing was delivered"), "{}", ran.out);
    assert_eq!(shop.types(&["order", "list"]).done().out, "");
}

/// The secrets of a local run with something else in place of one part.
fn document(was: &str, is: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../local/secret.json");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(was), "{was}");
    text.replace(was, is)
}

#[track_caller]
fn names(ran: &Ran, fault: &str, remedy: &str) {
    assert_eq!(ran.exit, Exit::Failed, "{}{}", ran.out, ran.err);
    let found = ran
        .out
        .lines()
        .any(|line| line.starts_with("!!") && line.contains(fault));
    assert!(found && ran.out.contains(remedy), "{fault}: {}{}", ran.out, ran.err);
}

#[test]
fn each_of_ten_broken_local_set_ups_is_named_with_its_remedy() {
    let broken = |name: &'static str, value: &'static str| looked_at(move |shop| shop.set(name, value));
    names(
        &broken("WIX_API_BASE_URL", "http://127.0.0.1:9"),
        "Wix does not answer",
        "start the sandbox",
    );
    names(
        &broken("LEDGER_URL", "sqlite:///nowhere/ledger.db"),
        "inspect does not answer",
        "",
    );
    names(&broken("PAUSED", "true"), "paused by the deployment", "docs/operate.md");
    let secrets = |was, is| looked_at(move |shop| shop.keeps(&document(was, is)));
    names(
        &secrets("sandbox-api-key", "revoked"),
        "Wix does not take the key",
        "make another key",
    );
    names(
        &secrets("\"api_key\"", "\"apikey\""),
        "Wix's secret",
        "docs/deploy.md, step 5",
    );
    names(&secrets("\"shopify\"", "\"shopfy\""), "shopfy", "correct that entry");
    let placeholder = looked_at(|shop| shop.keeps("{}"));
    names(&placeholder, "has no `storefronts`", "docs/deploy.md, step 5");
    let unread = looked_at(|shop| shop.write_catalog("[defaults]\ncolor = \"red\"\n"));
    names(&unread, "the catalog cannot be used", "reseller catalog check");
    let shop = Shop::new();
    shop.set("SETTLE_SECONDS", "long");
    names(&shop.types(&["doctor"]), "SETTLE_SECONDS", "");
    let idle = Shop::new().types(&["doctor", "--wait", "0"]);
    names(&idle, "did not reach the ledger", "no worker runs");
}

const GOOD: [(&str, &str); 19] = [
    ("WixSecret", "wix"),
    ("StorefrontSecret", "storefronts"),
    ("ReconcileFunction", "shop-Reconcile-1"),
    ("InspectFunction", "shop-Inspect-1"),
    ("AuditFunction", "shop-Audit-1"),
    ("WebhookFunction", "shop-Webhook-1"),
    ("SupportPolicy", "arn:support"),
    ("OperatorPolicy", "arn:operators"),
    ("AdministratorPolicy", "arn:administrators"),
    ("Ledger", "shop-Ledger-1"),
    ("ParkedQueueUrl", "https://sqs/parked"),
    ("DeadLetters", "arn:dead"),
    ("DeadLettersUrl", "https://sqs/dead"),
    ("WebhookLogs", "one"),
    ("ReconcileLogs", "two"),
    ("LogGroups", "one,two"),
    ("ApiLogs", "three"),
    ("AlarmTopic", "arn:topic"),
    ("WebhookUrl", ""),
];

/// What a stack on AWS says.
struct Said {
    state: &'static str,
    without: String,
    at: Timestamp,
    ran: bool,
    subscribed: &'static str,
    unsigned: u16,
}

fn well() -> Said {
    Said {
        state: "UPDATE_COMPLETE",
        without: String::new(),
        at: SystemClock.now(),
        ran: true,
        subscribed: "arn:aws:sns:eu-west-1:1:topic:2",
        unsigned: 401,
    }
}

impl Said {
    fn cloud(self) -> Cloud {
        Cloud::of(move |address, head| {
            let is = |service: &str| head.contains(&format!("/eu-west-1/{service}/aws4_request"));
            if is("cloudformation") {
                (200, "", self.stack(address))
            } else if is("lambda") {
                let at = self.at;
                (
                    200,
                    "",
                    format!(r#"{{"schema":1,"at":"{at}","paused":false,"in_attention":0,"due":0,"queues":[]}}"#),
                )
            } else if is("logs") {
                let at = SystemClock.now().as_millis();
                let line = format!(r#"{{"events":[{{"timestamp":{at},"message":"START"}}]}}"#);
                (200, "", if self.ran { line } else { r#"{"events":[]}"#.to_owned() })
            } else if is("sns") {
                let arn = self.subscribed;
                let member = format!("<member><SubscriptionArn>{arn}</SubscriptionArn></member>");
                (200, "", if arn.is_empty() { String::new() } else { member })
            } else if head.starts_with("post /webhooks/shopify") {
                (self.unsigned, "", String::new())
            } else {
                (404, "", String::new())
            }
        })
    }

    fn stack(&self, address: &str) -> String {
        let there = GOOD.into_iter().filter(|(name, _)| *name != self.without);
        let members: String = there
            .map(|(name, value)| {
                let value = if name == "WebhookUrl" {
                    format!("{address}/webhooks/")
                } else {
                    value.to_owned()
                };
                format!("<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>")
            })
            .collect();
        format!(
            "<Stacks><member><StackStatus>{}</StackStatus><Outputs>{members}</Outputs></member></Stacks>",
            self.state
        )
    }
}

#[test]
fn a_stack_that_is_well_is_all_green_and_what_may_not_be_read_is_said() {
    let ran = with_credentials(&well().cloud(), &["doctor"]).done();
    assert!(!ran.out.contains("!!"), "{}", ran.out);
    for part in [
        "ok  the region is eu-west-1",
        "ok  the stack shop is there",
        "ok  the stack has its 19 outputs",
        "--  Wix's secret: not looked at",
        "ok  an unsigned delivery to shopify is refused (401)",
        "ok  the schedule ran",
        "ok  the topic of alarms has 1 confirmed subscription",
        "ok  the clocks",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}

#[test]
fn each_of_ten_broken_stacks_is_named_with_its_remedy() {
    let looked = |said: Said| with_credentials(&said.cloud(), &["doctor"]);
    names(
        &looked(Said {
            state: "UPDATE_ROLLBACK_FAILED",
            ..well()
        }),
        "UPDATE_ROLLBACK_FAILED",
        "deploy again",
    );
    names(
        &looked(Said {
            state: "UPDATE_IN_PROGRESS",
            ..well()
        }),
        "is being changed",
        "wait",
    );
    names(
        &looked(Said {
            without: "AuditFunction".to_owned(),
            ..well()
        }),
        "no output AuditFunction",
        "deploy it again",
    );
    names(
        &looked(Said { ran: false, ..well() }),
        "the schedule has not run",
        "EventBridge",
    );
    names(
        &looked(Said {
            subscribed: "",
            ..well()
        }),
        "nobody hears of alarms",
        "AlarmEmail",
    );
    let pending = Said {
        subscribed: "PendingConfirmation",
        ..well()
    };
    names(&looked(pending), "not confirmed", "follow the link");
    let hour = std::time::Duration::from_secs(3_600);
    names(
        &looked(Said {
            at: well().at - hour,
            ..well()
        }),
        "3600 s apart",
        "set this machine's clock",
    );
    names(
        &looked(Said {
            unsigned: 200,
            ..well()
        }),
        "answered 200, and not 401",
        "takes forged orders",
    );
    names(
        &looked(Said {
            unsigned: 503,
            ..well()
        }),
        "answered 503, and not 401",
        "5xx",
    );
    let gone = Cloud::of(|_, _| {
        (
            400,
            "",
            "<Message>Stack with id shop does not exist</Message>".to_owned(),
        )
    });
    names(&with_credentials(&gone, &["doctor"]), "does not exist", "--stack");
    let late = Cloud::of(|_, _| (403, "", "<Message>Signature expired: it is early</Message>".to_owned()));
    names(
        &with_credentials(&late, &["doctor"]),
        "Signature expired",
        "clock is wrong",
    );
    let nowhere = well().cloud().types(&["doctor"], &[("AWS_REGION", "")]);
    names(&nowhere, "no AWS region is known", "--region");
}

// The list in the doctor is the template's: an output that is new there is missed here otherwise.
#[test]
fn the_outputs_that_are_looked_for_are_those_of_the_template() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template = std::fs::read_to_string(path).unwrap();
    let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
    let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let of_template: Vec<&str> = outputs
        .lines()
        .filter(is_name)
        .map(|line| line.trim().trim_end_matches(':'))
        .filter(|name| *name != "DomainTarget")
        .collect();
    let mut looked_for: Vec<&str> = GOOD.into_iter().map(|(name, _)| name).collect();
    looked_for.sort_unstable();
    let mut sorted = of_template.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, looked_for);
    for name in of_template {
        let said = Said {
            without: name.to_owned(),
            ..well()
        };
        let ran = with_credentials(&said.cloud(), &["doctor"]);
        assert!(
            ran.out.contains(&format!("no output {name}")),
            "{name}: {}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn an_alarm_that_rings_is_in_the_status_and_those_of_other_stacks_are_not() {
    const ALARMS: &str = "<MetricAlarms>\
        <member><Dimensions><member><Name>stack</Name></member></Dimensions>\
        <AlarmArn>arn:aws:cloudwatch:eu-west-1:1:alarm:shop-DeadLettersAlarm-1A</AlarmArn>\
        <AlarmDescription>Waits in the dead-letter queue. https://example.com#dead-letters</AlarmDescription>\
        <StateUpdatedTimestamp>2026-01-01T00:00:00.000Z</StateUpdatedTimestamp></member>\
        <member><AlarmArn>arn:aws:cloudwatch:eu-west-1:1:alarm:shop-two-SlowAlarm-2B</AlarmArn></member></MetricAlarms>";
    let cloud = Cloud::of(move |address, head| {
        if head.contains("/monitoring/") {
            (200, "", ALARMS.to_owned())
        } else if head.contains("/functions/") {
            let status =
                r#"{"schema":1,"at":"2026-01-01T00:00:00Z","paused":false,"in_attention":0,"due":0,"queues":[]}"#;
            (200, "", status.to_owned())
        } else {
            (200, "", well().stack(address))
        }
    });
    let ran = with_credentials(&cloud, &["status", "--exit-code"]);
    assert_eq!(ran.exit, Exit::Attention);
    assert!(ran.out.contains("!!  DeadLettersAlarm rings for"), "{}", ran.out);
    assert!(
        ran.out.contains("#dead-letters") && !ran.out.contains("SlowAlarm"),
        "{}",
        ran.out
    );
}
