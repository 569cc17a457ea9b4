use super::*;

const WEBHOOK: [(&str, &str); 6] = [
    ("SECRET_URL", "file:///tmp/secret.json"),
    ("CATALOG_URL", "file:///tmp/catalog.toml"),
    ("ORDER_PAID_QUEUE_URL", "sqlite:///tmp/rh.db?queue=order-paid"),
    ("ORDER_CANCELED_QUEUE_URL", "sqlite:///tmp/rh.db?queue=order-canceled"),
    ("TAG_EXTERNAL_ID_QUEUE_URL", "sqlite:///tmp/rh.db?queue=tag-external-id"),
    ("PARKED_QUEUE_URL", "sqlite:///tmp/rh.db?queue=parked"),
];
const WORKER: [(&str, &str); 3] = [
    ("SECRET_URL", "secretsmanager://rh/wix"),
    ("CATALOG_URL", "file:///opt/catalog.toml"),
    ("LEDGER_URL", "dynamodb://orders"),
];

fn worker_with(extra: &[(&str, &str)]) -> Result<WorkerConfig, ConfigError> {
    WorkerConfig::from_env(&Env::from_pairs(WORKER.iter().chain(extra).copied()))
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let config = worker_with(&[]).unwrap();
    assert_eq!(config.wix_api_base_url.as_str(), "https://www.wixapis.com");
    assert_eq!(config.settle, Duration::from_secs(60));
    assert_eq!(config.lease_skew, Duration::from_secs(5));
    assert_eq!(config.wix_timeout, Duration::from_secs(15));
    assert_eq!(config.wix_calls_per_minute, 200);
    assert_eq!(config.common.secret_ttl, Duration::from_secs(300));
    assert_eq!(config.common.log_level, LogLevel::Info);
    assert!(!config.paused);
}

#[test]
fn every_setting_is_read() {
    let config = worker_with(&[
        ("WIX_API_BASE_URL", "http://127.0.0.1:9400/"),
        ("SETTLE_SECONDS", "2"),
        ("LEASE_SKEW_SECONDS", "1"),
        ("WIX_TIMEOUT_SECONDS", "3"),
        ("WIX_CALLS_PER_MINUTE", "600"),
        ("SECRET_TTL_SECONDS", "10"),
        ("PAUSED", "true"),
        ("LOG_LEVEL", "DEBUG"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:4567"),
    ])
    .unwrap();
    assert_eq!(config.wix_api_base_url.as_str(), "http://127.0.0.1:9400");
    assert_eq!(config.settle, Duration::from_secs(2));
    assert_eq!(config.lease_skew, Duration::from_secs(1));
    assert_eq!(config.wix_timeout, Duration::from_secs(3));
    assert_eq!(config.wix_calls_per_minute, 600);
    assert_eq!(config.common.secret_ttl, Duration::from_secs(10));
    assert!(config.paused);
    assert_eq!(config.common.log_level, LogLevel::Debug);
    let aws = config.common.aws;
    assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(aws.endpoint_url.unwrap().as_str(), "http://127.0.0.1:4566");
    assert_eq!(aws.sqs_endpoint_url.unwrap().as_str(), "http://127.0.0.1:4567");
    assert_eq!(aws.dynamodb_endpoint_url, None);
    assert!(!aws.has_credentials);
}

#[test]
fn all_that_is_wrong_is_said_at_once_with_an_example() {
    let error = worker_with(&[
        ("LEDGER_URL", "mysql://x"),
        ("SETTLE_SECONDS", "soon"),
        ("PAUSED", "yes"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
    ])
    .unwrap_err();
    let variables: Vec<&str> = error.problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(
        variables,
        ["AWS_ENDPOINT_URL", "LEDGER_URL", "SETTLE_SECONDS", "PAUSED"]
    );
    let said = error.to_string();
    assert!(
        said.contains("SETTLE_SECONDS is \"soon\", not a whole number from 0 to 3600 (for example SETTLE_SECONDS=60)"),
        "{said}"
    );
}

#[test]
fn an_empty_environment_names_every_required_variable() {
    let error = WebhookConfig::from_env(&Env::from_pairs::<String, String>([])).unwrap_err();
    let variables: Vec<&str> = error.problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(
        variables,
        [
            "SECRET_URL",
            "CATALOG_URL",
            "ORDER_PAID_QUEUE_URL",
            "ORDER_CANCELED_QUEUE_URL",
            "TAG_EXTERNAL_ID_QUEUE_URL",
            "PARKED_QUEUE_URL"
        ]
    );
}

#[test]
fn an_empty_value_is_as_good_as_none() {
    let config = worker_with(&[("LOG_LEVEL", "  "), ("PAUSED", "")]).unwrap();
    assert_eq!(config.common.log_level, LogLevel::Info);
    assert!(!config.paused);
}

#[test]
fn a_secret_pasted_in_place_of_its_address_is_not_repeated() {
    let error = worker_with(&[("SECRET_URL", "IST.eyJhbGciOi")]).unwrap_err();
    assert!(!error.to_string().contains("eyJhbGciOi"), "{error}");
    assert!(!format!("{error:?}").contains("eyJhbGciOi"), "{error:?}");
}

#[test]
fn the_api_key_is_never_sent_in_the_clear_over_a_network() {
    let error = worker_with(&[("WIX_API_BASE_URL", "http://www.wixapis.com")]).unwrap_err();
    assert!(error.to_string().contains("use https"), "{error}");
}

#[test]
fn webhook_reads_the_four_queues() {
    let config = WebhookConfig::from_env(&Env::from_pairs(WEBHOOK)).unwrap();
    assert_eq!(config.order_paid_queue_url.name(), "order-paid");
    assert_eq!(config.order_canceled_queue_url.name(), "order-canceled");
    assert_eq!(config.tag_external_id_queue_url.name(), "tag-external-id");
    assert_eq!(config.parked_queue_url.name(), "parked");
}

#[test]
fn every_variable_is_documented() {
    let documentation = include_str!("../../../docs/configuration.md");
    for variable in [
        "SECRET_URL",
        "SECRET_TTL_SECONDS",
        "CATALOG_URL",
        "LEDGER_URL",
        "ORDER_PAID_QUEUE_URL",
        "ORDER_CANCELED_QUEUE_URL",
        "TAG_EXTERNAL_ID_QUEUE_URL",
        "PARKED_QUEUE_URL",
        "WIX_API_BASE_URL",
        "WIX_TIMEOUT_SECONDS",
        "WIX_CALLS_PER_MINUTE",
        "SETTLE_SECONDS",
        "LEASE_SKEW_SECONDS",
        "PAUSED",
        "LOG_LEVEL",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    ] {
        assert!(documentation.contains(&format!("`{variable}`")), "{variable}");
    }
}
