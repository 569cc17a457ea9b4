//! Who is let in, where, and how often.

use serde_json::json;
use wix_sandbox::{ApiKey, Config, Request, Wix};

use super::*;

fn reseller() -> Config {
    Config {
        accounts: [(SUB.parse().unwrap(), MAIN.parse().unwrap())].into(),
        accept_any_account: false,
        ..Config::default()
    }
}

#[test]
fn without_the_right_key_nothing_is_answered_but_401() {
    let mut wix = Wix::new(Config::default());
    for header in [None, Some(""), Some("wrong"), Some("Bearer sandbox-api-key")] {
        let mut request = Request::new("POST", "/resellers/v1/packages/query").header("wix-account-id", MAIN);
        if let Some(value) = header {
            request = request.header("authorization", value);
        }
        assert_eq!(wix.handle(NOON, &request).status, 401, "{header:?}");
    }
}

#[test]
fn an_empty_key_in_the_configuration_lets_nobody_in() {
    let mut wix = Wix::new(Config {
        api_keys: vec![ApiKey {
            value: String::new(),
            account: MAIN.parse().unwrap(),
        }],
        ..Config::default()
    });
    let request = Request::new("POST", "/resellers/v1/packages/query")
        .header("wix-account-id", MAIN)
        .header("authorization", "");
    assert_eq!(wix.handle(NOON, &request).status, 401);
}

#[test]
fn a_revoked_key_is_refused_and_a_new_one_let_in() {
    let mut world = World::default();
    assert!(world.wix.revoke_api_key("sandbox-api-key"));
    assert_eq!(world.query(json!({})).status, 401);
    world.wix.add_api_key("sandbox-api-key");
    assert_eq!(world.query(json!({})).status, 200);
}

#[test]
fn the_account_header_must_be_there_and_a_guid() {
    let mut world = World::default();
    assert_eq!(
        world
            .call_as("me", "POST", "/resellers/v1/packages/query", &json!({}))
            .status,
        400
    );
    let request = Request::new("POST", "/resellers/v1/packages/query").header("authorization", "sandbox-api-key");
    assert_eq!(world.wix.handle(NOON, &request).status, 400);
}

#[test]
fn another_resellers_account_is_403_and_an_unknown_one_not_found() {
    let mut config = reseller();
    config.accounts.insert(NOWHERE.parse().unwrap(), SITE.parse().unwrap());
    let mut world = World::new(config);
    let create = |world: &mut World, account: &str| {
        world.call_as(account, "POST", "/resellers/v2/packages", &order("a", vec![plan()]))
    };
    assert_eq!(create(&mut world, SUB).status, 200);
    assert_eq!(create(&mut world, NOWHERE).status, 403);
    assert_eq!(create(&mut world, SITE).status, 403);
    let unknown = create(&mut world, OTHER_SITE);
    assert_eq!((unknown.status, unknown.code()), (404, "ACCOUNT_NOT_FOUND"));
    let query = world.call_as(OTHER_SITE, "POST", "/resellers/v1/packages/query", &json!({}));
    assert_eq!(query.status, 403);
}

#[test]
fn wix_site_id_does_not_belong_here() {
    let mut world = World::default();
    let request = Request::new("POST", "/resellers/v1/packages/query")
        .header("authorization", "sandbox-api-key")
        .header("wix-account-id", MAIN)
        .header("wix-site-id", SITE);
    assert_eq!(world.wix.handle(NOON, &request).status, 400);
}

#[test]
fn get_shows_a_package_to_its_own_account_only() {
    let mut world = World::default();
    let id = world.buy("a", plan()).id();
    let path = format!("/resellers/v1/packages/{id}");
    assert_eq!(world.call_as(MAIN, "GET", &path, &Value::Null).status, 200);
    assert_eq!(world.call_as(SUB, "GET", &path, &Value::Null).status, 404);
}

#[test]
fn paths_that_wix_does_not_have_are_404() {
    let mut world = World::default();
    for (method, path) in [
        ("GET", "/resellers/v1/packages"),
        ("POST", "/resellers/v1/packages/count"),
        ("PUT", "/resellers/v2/packages"),
        ("GET", "/resellers/v1/packages/a/b/c/d"),
        ("GET", "/"),
        ("GET", "/resellers/v1/packages/"),
    ] {
        assert_eq!(world.call(method, path, &Value::Null).status, 404, "{method} {path}");
    }
}

#[test]
fn the_deprecated_create_is_refused() {
    let mut world = World::default();
    let got = world.call("POST", "/resellers/v1/packages", &order("a", vec![plan()]));
    assert_eq!(got.status, 400);
    assert_eq!(world.wix.packages().count(), 0);
}

#[test]
fn dots_and_encoded_slashes_in_the_path_are_refused() {
    let mut world = World::default();
    let id = world.buy("a", plan()).id();
    for (external_id, status) in [
        ("..", 400),
        (".", 400),
        ("%2e%2E", 400),
        ("a%2Fb", 404),
        ("%zz", 400),
        ("%ff", 400),
    ] {
        let path = format!("/resellers/v1/packages/update/{id}/{external_id}");
        assert_eq!(world.call("PATCH", &path, &Value::Null).status, status, "{external_id}");
    }
    assert_eq!(world.get(&id).package()["externalId"], "a");
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let mut world = World::default();
    let mut seen = std::collections::HashSet::new();
    for (method, path) in [
        ("POST", "/resellers/v1/packages/query"),
        ("GET", "/nowhere"),
        ("POST", "/resellers/v2/packages"),
    ] {
        let reply = world.raw(MAIN, method, path, "{}");
        assert!(seen.insert(reply.header_value("x-wix-request-id").unwrap().to_owned()));
    }
    assert_eq!(seen.len(), 3);
}

#[test]
fn the_201st_request_within_a_minute_is_429_and_the_window_slides() {
    let mut world = World::default();
    for _ in 0..200 {
        assert_eq!(world.query(json!({})).status, 200);
        world.now += 100;
    }
    assert_eq!(world.query(json!({})).status, 429);
    // The first came at NOON; it leaves the window a minute later.
    world.now = NOON + 59_999;
    assert_eq!(world.query(json!({})).status, 429);
    world.now = NOON + 60_000;
    assert_eq!(world.query(json!({})).status, 200);
    assert_eq!(world.query(json!({})).status, 429);
}

#[test]
fn retry_after_is_sent_only_where_it_is_asked_for() {
    let mut world = World::new(Config {
        rate_limit_per_minute: Some(0),
        ..Config::default()
    });
    assert_eq!(world.raw(MAIN, "GET", "/x", "").header_value("retry-after"), None);
    world.wix.config_mut().retry_after = Some(60);
    assert_eq!(world.raw(MAIN, "GET", "/x", "").header_value("retry-after"), Some("60"));
}

#[test]
fn a_body_that_is_not_json_or_not_an_object_is_400() {
    let mut world = World::default();
    for body in ["{", "[]", "\"x\"", "{\"query\": 1}", "\u{1}"] {
        assert_eq!(
            world.raw(MAIN, "POST", "/resellers/v1/packages/query", body).status,
            400,
            "{body}"
        );
    }
}
