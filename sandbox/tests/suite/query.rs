//! Query Packages: filters, order, paging, and how late it is.

use serde_json::json;
use wix_sandbox::{Config, Effect, FaultRule, ForeignInstance, ForeignPackage, Operation};

use super::*;

/// Five packages `p0` to `p4`, a second apart; `p1` and `p3` are the sub-account's.
fn five() -> World {
    let mut world = World::new(Config {
        pending_to_enabled_ms: None,
        ..Config::default()
    });
    for number in 0..5 {
        let account = if number % 2 == 1 { SUB } else { MAIN };
        let name = format!("p{number}");
        let products = if number == 4 {
            vec![
                plan(),
                json!({"catalogProductId": EMAIL, "billingInfo": monthly(), "countryCode": "DE"}),
            ]
        } else {
            vec![on(&format!("{number}{}", &SITE[1..]), plan())]
        };
        world.call_as(account, "POST", "/resellers/v2/packages", &order(&name, products));
        world.now += 1_000;
    }
    world
}

#[test]
fn the_newest_come_first_and_all_accounts_of_the_reseller() {
    let mut world = five();
    let got = world.query(json!({}));
    assert_eq!(got.found(), ["p4", "p3", "p2", "p1", "p0"]);
    assert_eq!(got.body["metadata"], json!({"count": 5, "cursors": {}}));
    let as_sub = world.call_as(SUB, "POST", "/resellers/v1/packages/query", &json!({}));
    assert_eq!(as_sub.found(), ["p4", "p3", "p2", "p1", "p0"]);
}

#[test]
fn filters_do_what_their_operators_say() {
    let mut world = five();
    let id = world.query(json!({"filter": {"externalId": "p2"}})).body["packages"][0]["id"].clone();
    let instance =
        world.query(json!({"filter": {"externalId": "p3"}})).body["packages"][0]["productInstances"][0]["instanceId"]
            .clone();
    let site_two = format!("2{}", &SITE[1..]);
    let cases = [
        (json!({"id": {"$eq": id}}), "p2"),
        (json!({"id": {"$in": [id, NOWHERE]}}), "p2"),
        (json!({"id": {"$ne": id}}), "p4 p3 p1 p0"),
        (json!({"externalId": "p1"}), "p1"),
        (json!({"externalId": {"$in": ["p0", "p4", "p9"]}}), "p4 p0"),
        (json!({"externalId": {"$exists": false}}), ""),
        (
            json!({"externalId": {"$exists": true}, "accountId": {"$eq": SUB}}),
            "p3 p1",
        ),
        (json!({"accountId": {"$ne": SUB}}), "p4 p2 p0"),
        (json!({"createdDate": {"$gt": "2026-01-01T12:00:02.000Z"}}), "p4 p3"),
        (
            json!({"createdDate": {"$gte": "2026-01-01T12:00:02Z", "$lt": "2026-01-01T12:00:04Z"}}),
            "p3 p2",
        ),
        (json!({"createdDate": {"$lte": "2026-01-01T13:00:01+01:00"}}), "p1 p0"),
        (json!({"createdDate": "2026-01-01T12:00:00.000Z"}), "p0"),
        (
            json!({"updatedDate": {"$ne": "2026-01-01T12:00:00.000Z"}}),
            "p4 p3 p2 p1",
        ),
        (
            json!({"productInstances.instanceId": {"$hasSome": [instance, NOWHERE]}}),
            "p3",
        ),
        (
            json!({"productInstances.instanceId": {"$hasAll": [instance, NOWHERE]}}),
            "",
        ),
        (json!({"productInstances.siteId": {"$hasSome": [site_two]}}), "p2"),
        (
            json!({"productInstances.catalogProductId": {"$hasSome": [EMAIL, PLAN]}}),
            "p4 p3 p2 p1 p0",
        ),
        (
            json!({"productInstances.catalogProductId": {"$hasAll": [EMAIL, PLAN]}}),
            "p4",
        ),
        (
            json!({"productInstances.status": {"$hasAll": ["Pending"]}}),
            "p4 p3 p2 p1 p0",
        ),
        (
            json!({"productInstances.status": {"$hasSome": ["ENABLED", "FAILED"]}}),
            "",
        ),
        (
            json!({"productInstances.billingInfo.cycleDuration.unit": {"$hasSome": ["MONTH"]}}),
            "p4",
        ),
        (
            json!({"productInstances.billingInfo.cycleDuration.count": {"$hasSome": [2]}}),
            "",
        ),
        (
            json!({"productInstances.billingInfo.type": {"$hasSome": ["ONE_TIME"]}}),
            "",
        ),
        (json!({"productInstances.countryCode": {"$hasSome": ["DE"]}}), "p4"),
        (
            json!({"productInstances.createdDate": {"$hasSome": ["2026-01-01T12:00:03.000Z"]}}),
            "p3",
        ),
        (
            json!({"productInstances": {"$hasSome": [{"catalogProductId": EMAIL, "countryCode": "DE"}]}}),
            "p4",
        ),
        (
            json!({"productInstances": {"$hasSome": [{"catalogProductId": EMAIL, "countryCode": "BR"}]}}),
            "",
        ),
    ];
    for (filter, expected) in cases {
        let got = world.query(json!({"filter": filter}));
        assert_eq!(got.found().join(" "), expected, "{filter}");
    }
}

#[test]
fn a_failure_code_can_be_filtered_by() {
    let mut world = five();
    let instance = world.wix.instances().next().unwrap().1.id;
    let change = serde_json::from_value(json!({"status": "FAILED", "failure": {"code": "DELIVERY_TIMEOUT"}})).unwrap();
    world.wix.set_instance(world.now, instance, change).unwrap();
    let got = world.query(json!({"filter": {"productInstances.failure.code": {"$hasSome": ["DELIVERY_TIMEOUT"]}}}));
    assert_eq!(got.found(), ["p0"]);
}

#[test]
fn fields_and_operators_that_are_not_documented_are_refused() {
    let mut world = five();
    for filter in [
        json!({"parentAccountId": MAIN}),
        json!({"productInstances.discountCode": {"$hasSome": ["x"]}}),
        json!({"externalId": {"$startsWith": "p"}}),
        json!({"externalId": {"$gt": "p"}}),
        json!({"createdDate": {"$in": []}}),
        json!({"createdDate": {"$gt": "yesterday"}}),
        json!({"productInstances.status": "ENABLED"}),
        json!({"productInstances.status": {"$hasSome": "ENABLED"}}),
        json!({"$or": []}),
        json!({"externalId": {"$in": "p0"}}),
        json!({"externalId": {"$exists": "yes"}}),
        json!("p0"),
    ] {
        assert_eq!(world.query(json!({"filter": filter})).status, 400, "{filter}");
    }
    for sort in [
        json!([{"fieldName": "externalId", "order": "ASC"}]),
        json!([{"fieldName": "createdDate", "order": "UP"}]),
        json!({"fieldName": "createdDate"}),
    ] {
        assert_eq!(world.query(json!({"sort": sort})).status, 400, "{sort}");
    }
}

#[test]
fn packages_are_sorted_by_either_date_in_either_direction() {
    let mut world = five();
    let first = world.wix.packages().next().unwrap().id;
    world.call(
        "PATCH",
        &format!("/resellers/v1/packages/update/{first}/touched"),
        &Value::Null,
    );
    let mut sorted = |field: &str, order: &str| {
        let got = world.query(json!({"sort": [{"fieldName": field, "order": order}]}));
        got.found().join(" ")
    };
    assert_eq!(sorted("createdDate", "ASC"), "touched p1 p2 p3 p4");
    assert_eq!(sorted("createdDate", "DESC"), "p4 p3 p2 p1 touched");
    assert_eq!(sorted("updatedDate", "ASC"), "p1 p2 p3 p4 touched");
    assert_eq!(sorted("updatedDate", "DESC"), "touched p4 p3 p2 p1");
}

#[test]
fn a_cursor_goes_on_where_the_page_ended_and_back_again() {
    let mut world = five();
    for sort in ["createdDate", "updatedDate"] {
        let first = world.query(json!({"sort": [{"fieldName": sort, "order": "DESC"}], "cursorPaging": {"limit": 2}}));
        assert_eq!(first.found(), ["p4", "p3"]);
        assert!(first.body["metadata"]["cursors"].get("prev").is_none());
        let second = world.query(json!({"cursorPaging": {"limit": 2, "cursor": first.next().unwrap()}}));
        assert_eq!(second.found(), ["p2", "p1"]);
        let third = world.query(json!({"cursorPaging": {"limit": 2, "cursor": second.next().unwrap()}}));
        assert_eq!(third.found(), ["p0"]);
        assert_eq!(third.next(), None);
        let prev = third.body["metadata"]["cursors"]["prev"].clone();
        let back = world.query(json!({"cursorPaging": {"limit": 2, "cursor": prev}}));
        assert_eq!(back.found(), ["p2", "p1"]);
        let next = back.next().unwrap();
        assert_eq!(
            world
                .query(json!({"cursorPaging": {"limit": 2, "cursor": next}}))
                .found(),
            ["p0"]
        );
    }
}

#[test]
fn a_full_last_page_has_no_next_cursor() {
    let mut world = five();
    let got = world.query(json!({"cursorPaging": {"limit": 5}}));
    assert_eq!((got.found().len(), got.next()), (5, None));
}

#[test]
fn a_cursor_keeps_its_filter_and_order_and_takes_no_others() {
    let mut world = five();
    let got = world.query(json!({
        "filter": {"accountId": MAIN}, "sort": [{"fieldName": "createdDate", "order": "ASC"}], "cursorPaging": {"limit": 2},
    }));
    assert_eq!(got.found(), ["p0", "p2"]);
    let cursor = got.next().unwrap();
    for more in [
        json!({"filter": {"accountId": MAIN}}),
        json!({"sort": [{"fieldName": "createdDate"}]}),
    ] {
        let query = with(more, json!({"cursorPaging": {"cursor": cursor}}));
        let got = world.query(query);
        assert_eq!((got.status, got.code()), (400, "INVALID_CURSOR"));
    }
    assert_eq!(world.query(json!({"cursorPaging": {"cursor": cursor}})).found(), ["p4"]);
    for broken in ["zz", "00", &cursor[..20]] {
        assert_eq!(
            world.query(json!({"cursorPaging": {"cursor": broken}})).code(),
            "INVALID_CURSOR"
        );
    }
}

#[test]
fn packages_that_are_added_while_paging_shift_nothing() {
    let mut world = five();
    let first = world.query(json!({"cursorPaging": {"limit": 2}}));
    world.buy("p5", plan());
    let rest = world.query(json!({"cursorPaging": {"cursor": first.next().unwrap()}}));
    assert_eq!(rest.found(), ["p2", "p1", "p0"]);
}

#[test]
fn offset_paging_counts_them_all() {
    let mut world = five();
    let got = world.query(json!({"paging": {"limit": 2, "offset": 3}}));
    assert_eq!(got.found(), ["p1", "p0"]);
    assert_eq!(
        got.body["metadata"],
        json!({"count": 2, "offset": 3, "total": 5, "tooManyToCount": false})
    );
    assert_eq!(
        world.query(json!({"paging": {}, "cursorPaging": {}})).violations(),
        ["query ONE_OF_ALIGNMENT"]
    );
}

#[test]
fn a_page_has_at_most_a_hundred() {
    let mut world = World::default();
    world.wix.insert_packages(NOON, 150, &foreign());
    assert_eq!(world.query(json!({})).found().len(), 100);
    let too_many = world.query(json!({"cursorPaging": {"limit": 101}}));
    assert_eq!(too_many.violations(), ["query.cursorPaging.limit MAX"]);
    let too_many = world.query(json!({"paging": {"limit": 101}}));
    assert_eq!(too_many.violations(), ["query.paging.limit MAX"]);
}

fn foreign() -> ForeignPackage {
    ForeignPackage {
        account_id: SUB.parse().unwrap(),
        parent_account_id: None,
        external_id: Some("bulk-{n}".to_owned()),
        created_ms: None,
        instances: vec![ForeignInstance {
            catalog_product_id: PLAN.parse().unwrap(),
            site_id: None,
            status: None,
            billing_info: None,
            country_code: None,
            reference_product_instance_id: None,
        }],
    }
}

#[test]
fn ten_thousand_packages_are_paged_each_once() {
    let mut world = World::new(Config {
        rate_limit_per_minute: None,
        ..Config::default()
    });
    world.wix.insert_packages(NOON, 10_000, &foreign());
    let mut seen = std::collections::HashSet::new();
    let (mut pages, mut query) = (0, json!({}));
    loop {
        let got = world.query(query);
        pages += 1;
        for package in got.body["packages"].as_array().unwrap() {
            assert!(seen.insert(package["externalId"].as_str().unwrap().to_owned()));
        }
        let Some(next) = got.next() else { break };
        query = json!({"cursorPaging": {"cursor": next}});
    }
    assert_eq!((pages, seen.len()), (100, 10_000));
    assert!(seen.contains("bulk-0") && seen.contains("bulk-9999"));
}

#[test]
fn queries_show_a_new_package_late_and_get_does_not() {
    let mut world = World::new(Config {
        query_delay_ms: 5_000,
        pending_to_enabled_ms: None,
        ..Config::default()
    });
    let id = world.buy("a", plan()).id();
    assert_eq!(world.get(&id).status, 200);
    world.now += 4_999;
    assert_eq!(world.query(json!({"filter": {"externalId": "a"}})).found().len(), 0);
    world.now += 1;
    assert_eq!(world.query(json!({"filter": {"externalId": "a"}})).found(), ["a"]);
}

#[test]
fn queries_show_older_copies_of_what_changed() {
    let mut world = World::new(Config {
        query_delay_ms: 5_000,
        pending_to_enabled_ms: None,
        ..Config::default()
    });
    let id = world.buy("old", plan()).id();
    world.now += 10_000;
    world.call(
        "PATCH",
        &format!("/resellers/v1/packages/update/{id}/new"),
        &Value::Null,
    );
    world.now += 1_000;
    world.call("DELETE", &format!("/resellers/v1/packages/{id}"), &Value::Null);
    let status = |got: &Got| got.body["packages"][0]["productInstances"][0]["status"].clone();
    let got = world.query(json!({"filter": {"externalId": "old"}}));
    assert_eq!((got.found(), status(&got)), (vec!["old"], json!("PENDING")));
    assert_eq!(world.query(json!({"filter": {"externalId": "new"}})).found().len(), 0);
    world.now += 4_000;
    let got = world.query(json!({"filter": {"externalId": "new"}}));
    assert_eq!((got.found(), status(&got)), (vec!["new"], json!("PENDING")));
    world.now += 1_000;
    let got = world.query(json!({}));
    assert_eq!((got.found(), status(&got)), (vec!["new"], json!("CANCELED")));
}

#[test]
fn a_query_that_echoes_the_token_of_a_write_is_not_late() {
    let mut world = World::new(Config {
        query_delay_ms: 5_000,
        consistent_token: true,
        ..Config::default()
    });
    let reply = world.raw(
        MAIN,
        "POST",
        "/resellers/v2/packages",
        &order("a", vec![plan()]).to_string(),
    );
    let token = reply.header_value("x-wix-consistent").unwrap().to_owned();
    assert_eq!(world.query(json!({})).found().len(), 0);
    let request = Request::new("POST", "/resellers/v1/packages/query")
        .header("authorization", "sandbox-api-key")
        .header("wix-account-id", MAIN)
        .header("X-Wix-Consistent", &token);
    let reply = world.wix.handle(NOON, &request);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["packages"][0]["externalId"], "a");
}

#[test]
fn a_deleted_package_is_shown_by_queries_for_a_while() {
    let mut world = World::new(Config {
        query_delay_ms: 5_000,
        ..Config::default()
    });
    let id = world.buy("a", plan()).id();
    world.now += 60_000;
    world.wix.delete_package(world.now, id.parse().unwrap()).unwrap();
    assert_eq!(world.query(json!({})).found(), ["a"]);
    assert_eq!(world.get(&id).status, 404);
    world.now += 5_000;
    assert_eq!(world.query(json!({})).found().len(), 0);
}

#[test]
fn one_create_or_one_query_can_be_made_stale() {
    let mut world = World::default();
    world.wix.add_fault(FaultRule::on(
        Operation::CreatePackage,
        Effect::StaleQuery { ms: 30_000 },
    ));
    world.buy("hidden", plan());
    world.buy("seen", plan());
    world.now += 29_999;
    assert_eq!(world.query(json!({})).found(), ["seen"]);
    world.now += 1;
    assert_eq!(world.query(json!({})).found().len(), 2);
    world.wix.add_fault(FaultRule::on(
        Operation::QueryPackages,
        Effect::StaleQuery { ms: 60_000 },
    ));
    assert_eq!(world.query(json!({})).found().len(), 0);
    assert_eq!(world.query(json!({})).found().len(), 2);
}
