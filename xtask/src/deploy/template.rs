//! What `template.yaml` promises and the pages say of it, held against each other as text.

use std::collections::BTreeSet;
use std::fs;

use reseller_hooks::order::StorefrontKind;
use reseller_hooks::telemetry::SHOWN;

use crate::workspace;

pub(super) fn text(path: &str) -> String {
    fs::read_to_string(workspace::root().join(path)).unwrap()
}

/// The names below a top-level key.
fn names(template: &str, section: &str) -> BTreeSet<String> {
    let lines = template.lines().skip_while(|line| *line != format!("{section}:"));
    lines
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' ') || line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .map(str::to_owned)
        .collect()
}

/// A resource, with its name.
fn resource<'a>(template: &'a str, name: &str) -> &'a str {
    let start = template.find(&format!("\n  {name}:\n")).unwrap() + 1;
    let rest = &template[start..];
    let end = rest.find("\n\n").unwrap_or(rest.len());
    &rest[..end]
}

pub(super) fn count(template: &str, resource_type: &str) -> u32 {
    let line = format!("Type: {resource_type}");
    let found = template.lines().filter(|found| found.trim() == line).count();
    u32::try_from(found).unwrap()
}

/// What stands after a word, up to the first character that cannot be in a name.
fn after<'a>(text: &'a str, word: &str) -> BTreeSet<&'a str> {
    text.split(word)
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn each_alarm_links_to_a_paragraph_that_is_there() {
    let template = text("template.yaml");
    let headings: BTreeSet<String> = text("docs/operate.md")
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let links: Vec<&str> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("AlarmDescription: "))
        .map(|line| line.trim_end_matches('"').split_once("${RunbookUrl}#").unwrap().1)
        .collect();
    assert_eq!(
        links.len(),
        usize::try_from(count(&template, "AWS::CloudWatch::Alarm")).unwrap()
    );
    for link in links {
        assert!(headings.contains(link), "{link}: there are {headings:?}");
    }
}

#[test]
fn a_metric_is_paid_for_only_where_somebody_looks_at_it() {
    let template = text("template.yaml");
    let ours: BTreeSet<&str> = [
        "Answered",
        "Orders",
        "Packages",
        "Wix",
        "Oldest",
        "Outage",
        "Paused",
        "Attention",
        "Messages",
        "Secret",
    ]
    .into();
    let alarms = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("MetricName: "));
    let dashboard = template
        .lines()
        .filter(|line| line.trim().starts_with("[\"ResellerHooks\"") || line.trim().starts_with("[\".\""))
        .filter_map(|line| line.split('"').nth(3));
    let looked_at: BTreeSet<&str> = alarms
        .chain(dashboard)
        .filter(|name| ours.iter().any(|start| name.starts_with(start)))
        .collect();
    assert_eq!(looked_at, BTreeSet::from(SHOWN));
}

#[test]
fn each_storefront_has_an_address_with_a_limit_of_its_own() {
    let template = text("template.yaml");
    for kind in StorefrontKind::ALL {
        for path in [
            format!("/webhooks/{}", kind.as_str()),
            format!("\"/webhooks/{}/{{shop}}\"", kind.as_str()),
        ] {
            assert!(template.contains(&format!("Path: {path} }}")), "{path}");
        }
    }
}

#[test]
fn what_the_pages_tell_to_type_is_an_output() {
    let outputs = names(&text("template.yaml"), "Outputs");
    for page in ["docs/deploy.md", "docs/operate.md"] {
        let page = text(page);
        for name in after(&page, "$(output ").into_iter().chain(after(&page, "<output ")) {
            assert!(outputs.contains(name), "{name}: there are {outputs:?}");
        }
    }
}

#[test]
fn the_page_lists_every_parameter_and_no_other() {
    let page = text("docs/deploy.md");
    let (_, table) = page.split_once("\n## Parameters\n").unwrap();
    let listed: BTreeSet<String> = table
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`').to_owned()))
        .collect();
    assert_eq!(listed, names(&text("template.yaml"), "Parameters"));
}

/// YAML's anchors say once what all three have; what is left to write for each differs in its name only.
#[test]
fn the_workers_are_alike() {
    let template = text("template.yaml");
    let of = |camel: &str, kebab: &str, upper: &str| -> String {
        ["Queue", "Function", "Source", "Logs", "FailedAlarm"]
            .map(|part| resource(&template, &format!("{camel}{part}")))
            .join("\n")
            .replace(camel, "WORKER")
            .replace(kebab, "WORKER")
            .replace(upper, "WORKER")
            .lines()
            .filter(|line| !line.trim().starts_with("Description:"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let canceled = of("OrderCanceled", "order-canceled", "ORDER_CANCELED");
    assert_eq!(canceled, of("TagExternalId", "tag-external-id", "TAG_EXTERNAL_ID"));
    // The first one defines what the others refer to.
    let paid = of("OrderPaid", "order-paid", "ORDER_PAID");
    for reference in canceled.split_whitespace().filter_map(|word| word.strip_prefix('*')) {
        let defined = format!("&{reference}");
        assert!(paid.contains(&defined) || template.contains(&defined), "{reference}");
    }
    let own: Vec<&str> = canceled.lines().filter(|line| !line.contains('*')).collect();
    for line in own {
        assert!(paid.contains(line.trim()), "order-paid lacks {line:?}");
    }
}

/// The statements of a policy of people, anchors resolved: what may be done, on what.
fn rights(template: &str, policy: &str) -> BTreeSet<(String, String)> {
    let (_, statements) = resource(template, policy).split_once("Statement:\n").unwrap();
    let mut lines: Vec<String> = Vec::new();
    for line in statements.lines() {
        match line.trim().strip_prefix("- *") {
            Some(anchor) => {
                let (_, from) = template.split_once(&format!("          - &{anchor}\n")).unwrap();
                lines.push("- ".to_owned());
                let block = from.lines().take_while(|line| line.starts_with("            "));
                lines.extend(block.map(|line| line.trim().to_owned()));
            }
            None => lines.push(line.trim().to_owned()),
        }
    }
    let list = |text: &str| -> Vec<String> {
        let parts = text.trim_matches(['[', ']']).split(", ");
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let mut found = BTreeSet::new();
    let (mut actions, mut in_list) = (Vec::new(), false);
    for line in lines {
        if let Some(words) = line.strip_prefix("Action: ") {
            actions = list(words);
        }
        let resources = match line.strip_prefix("Resource:") {
            Some(rest) => {
                in_list = rest.is_empty();
                list(rest.trim())
            }
            None if in_list && line.starts_with("- !") => list(line.trim_start_matches("- ")),
            None => {
                in_list = false;
                Vec::new()
            }
        };
        for resource in resources {
            found.extend(actions.iter().map(|action| (action.clone(), resource.clone())));
        }
    }
    found
}

#[test]
fn support_asks_operators_change_and_administrators_see_bodies() {
    let template = text("template.yaml");
    let pairs = |all: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        all.iter()
            .map(|(action, on)| ((*action).to_owned(), (*on).to_owned()))
            .collect()
    };
    let support = rights(&template, "SupportPolicy");
    let asks = pairs(&[
        ("cloudformation:DescribeStacks", "!Ref AWS::StackId"),
        ("lambda:InvokeFunction", "!GetAtt InspectFunction.Arn"),
        (
            "cloudwatch:DescribeAlarms",
            "!Sub arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*",
        ),
    ]);
    assert_eq!(support, asks);

    let operators = rights(&template, "OperatorPolicy");
    assert!(operators.is_superset(&support));
    let more: BTreeSet<_> = operators.difference(&support).cloned().collect();
    let mut expected = pairs(&[
        ("lambda:InvokeFunction", "!GetAtt ReconcileFunction.Arn"),
        ("lambda:InvokeFunction", "!GetAtt AuditFunction.Arn"),
        ("sns:ListSubscriptionsByTopic", "!Ref AlarmTopic"),
        ("sqs:ReceiveMessage", "!GetAtt DeadLetters.Arn"),
        ("sqs:ChangeMessageVisibility", "!GetAtt DeadLetters.Arn"),
        ("sqs:GetQueueAttributes", "!GetAtt DeadLetters.Arn"),
    ]);
    for function in [
        "Webhook",
        "OrderPaid",
        "OrderCanceled",
        "TagExternalId",
        "Reconcile",
        "Audit",
        "Inspect",
    ] {
        expected.insert(("logs:FilterLogEvents".to_owned(), format!("!GetAtt {function}Logs.Arn")));
    }
    assert_eq!(more, expected);

    let administrators = rights(&template, "AdministratorPolicy");
    assert!(administrators.is_superset(&operators));
    let bodies_and_secrets: BTreeSet<String> = administrators
        .difference(&operators)
        .map(|(_, on)| on.clone())
        .collect();
    let expected = [
        "!GetAtt ParkedQueue.Arn",
        "!GetAtt WebhookFunction.Arn",
        "!GetAtt DeadLetters.Arn",
        "!GetAtt OrderPaidQueue.Arn",
        "!GetAtt OrderCanceledQueue.Arn",
        "!GetAtt TagExternalIdQueue.Arn",
        "!Ref WixSecret",
        "!Ref StorefrontSecret",
    ];
    assert_eq!(bodies_and_secrets, expected.map(str::to_owned).into());
}

/// Of people and of functions.
#[test]
fn no_right_is_for_everything() {
    let template = text("template.yaml");
    let actions = template
        .lines()
        .filter(|line| line.trim_start().starts_with("Action: "));
    let mut count = 0;
    for line in actions {
        count += 1;
        // A star behind the anchor of a list is a reference to it.
        assert!(
            !line.contains(":*") && !line.contains("'*'") && !line.contains("\"*\""),
            "{line}"
        );
    }
    assert!(count > 20, "{count}");
    for line in template
        .lines()
        .filter(|line| line.trim_start().starts_with("Resource:"))
    {
        assert!(!line.contains("\"*\"") && !line.contains("'*'"), "{line}");
    }
}
