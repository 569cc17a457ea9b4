//! Tests of the slice.

use super::*;

fn package(number: u32, external_id: &str, instances: u32) -> Package {
    let instances: Vec<_> = (0..instances)
        .map(|instance| {
            serde_json::json!({
                "instanceId": format!("{number:08x}-0000-4000-8000-{instance:012x}"),
                "catalogProductId": "53cfc9f8-197a-4e12-b570-ad9ed0cb4e2c",
                "status": if instance == 0 { "CANCELED" } else { "ENABLED" },
            })
        })
        .collect();
    let package = serde_json::json!({
        "id": format!("{number:08x}-1111-4000-8000-000000000000"),
        "accountId": "2250b761-b31c-453b-885b-76e9fc04bdc6",
        "externalId": external_id,
        "productInstances": instances,
    });
    serde_json::from_value(package).unwrap()
}

fn slice(packages: &[Package]) -> Slice {
    let own = "5a5db0c5-0000-4000-8000-000000000001".parse().unwrap();
    let mut slice = Slice::default();
    for (created, package) in (1..).zip(packages) {
        slice.add(package, &own, Timestamp::from_secs(created));
    }
    slice.seal();
    slice
}

#[test]
fn a_hundred_thousand_packages_of_one_instance_take_some_ten_megabytes() {
    let each = size_of::<Shown>() + size_of::<ShownInstance>() + size_of::<(u64, u32)>();
    assert!(each <= 120, "{each} bytes");
}

#[test]
fn a_package_is_found_with_its_own_instances_and_is_known_from_then_on() {
    let (b, a) = (package(2, "b", 3), package(1, "a", 1));
    let mut slice = slice(&[b.clone(), a.clone()]);
    assert_eq!(slice.know(&b.id).unwrap().len(), 3);
    let unknown = slice.unknown();
    let [(at, ours, created)] = unknown.as_slice() else {
        panic!("{unknown:?}");
    };
    assert_eq!((*ours, *created), (false, Timestamp::from_secs(2)));
    let name = slice.name(*at).unwrap();
    assert_eq!((name.0, Some(name.1)), (a.id, a.account_id));
    assert!(slice.know(&package(3, "c", 1).id).is_none());
}

#[test]
fn packages_of_an_order_are_found_by_what_their_external_ids_begin_with() {
    let slice = slice(&[
        package(1, "rh-shopify-1-b1", 2),
        package(2, "rh-shopify-1-v1", 1),
        package(3, "rh-shopify-11-b1", 2),
    ]);
    let found = slice.with_stem(stem_number("rh-shopify-1"));
    let mut alive: Vec<bool> = found.into_iter().map(|at| slice.is_alive(at)).collect();
    alive.sort_unstable();
    assert_eq!(alive, [false, true], "the only instance of the second has ended");
    assert!(slice.with_stem(stem_number("rh-shopify-2")).is_empty());
}

#[test]
fn a_package_that_two_pages_showed_counts_once() {
    let twice = package(1, "a", 1);
    assert_eq!(slice(&[twice.clone(), twice]).len(), 1);
}
