//! Each operation as it goes over the wire: method, path, headers, body.

use serde_json::{Value, json};

use super::stub::{Act, Seen, Stub, answer, ok};
use super::*;
use crate::ids::{ExternalId, IdempotencyKey, InstanceId, PackageId, SiteId};

fn key() -> IdempotencyKey {
    "a key/1".parse().unwrap()
}

fn instance() -> InstanceId {
    INSTANCE.parse().unwrap()
}

fn package() -> PackageId {
    PACKAGE.parse().unwrap()
}

/// What one call sends.
async fn sent<F: Future<Output = Result<Response<Package>, Error>>>(call: impl FnOnce(Client) -> F) -> Seen {
    let stub = Stub::start([ok(CREATED)]).await;
    let response = call(client(&format!("{}/prefix/", stub.url))).await.unwrap();
    assert_eq!(response.value.id.as_str(), PACKAGE);
    let seen = stub.only();
    assert_eq!(seen.headers["authorization"], "IST.test-key");
    assert_eq!(seen.headers["wix-account-id"], ACCOUNT);
    assert_eq!(seen.headers["accept"], "application/json");
    assert!(!seen.headers.contains_key("wix-site-id"));
    let json = (!seen.body.is_empty()).then_some("application/json");
    assert_eq!(seen.headers.get("content-type").map(String::as_str), json);
    seen
}

fn body(seen: &Seen) -> Value {
    serde_json::from_str(&seen.body).unwrap()
}

#[tokio::test]
async fn create_goes_to_v2_with_products_in_camel_case() {
    let mut request = create_request();
    request.products[0].site_id = Some(SITE.parse().unwrap());
    request.products[0].discount_code = Some("SAVE".parse().unwrap());
    request.products[0].reference_product_instance_id = Some(instance());
    let seen = sent(|client| async move { client.execute(&account(), &request).await }).await;
    assert_eq!(seen.line, "POST /prefix/resellers/v2/packages");
    assert_eq!(
        body(&seen),
        json!({
            "idempotencyKey": "key-1",
            "externalId": "order-1",
            "products": [{
                "catalogProductId": PRODUCT,
                "siteId": SITE,
                "billingInfo": { "type": "RECURRING", "cycleDuration": { "unit": "YEAR", "count": 1 } },
                "countryCode": "US",
                "discountCode": "SAVE",
                "referenceProductInstanceId": INSTANCE,
            }],
        })
    );
}

#[tokio::test]
async fn what_a_create_lacks_is_left_out_and_not_null() {
    let mut request = create_request();
    request.external_id = None;
    request.products[0].billing_info = None;
    let seen = sent(|client| async move { client.execute(&account(), &request).await }).await;
    assert_eq!(
        body(&seen),
        json!({ "idempotencyKey": "key-1", "products": [{ "catalogProductId": PRODUCT, "countryCode": "US" }] })
    );
}

#[tokio::test]
async fn get_has_no_body() {
    let seen = sent(|client| async move { client.execute(&account(), &GetPackage { package: package() }).await }).await;
    assert_eq!(seen.line, format!("GET /prefix/resellers/v1/packages/{PACKAGE}"));
    assert_eq!(seen.body, "");
}

#[tokio::test]
async fn cancellations_carry_their_key_in_the_query_string() {
    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &CancelPackage {
                    package: package(),
                    idempotency_key: key(),
                },
            )
            .await
    })
    .await;
    let path = format!("DELETE /prefix/resellers/v1/packages/{PACKAGE}?idempotencyKey=a%20key%2F1");
    assert_eq!((seen.line, seen.body.as_str()), (path, ""));

    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &CancelProductInstance {
                    instance: instance(),
                    idempotency_key: key(),
                },
            )
            .await
    })
    .await;
    let path = format!("DELETE /prefix/resellers/v1/packages/product-instances/{INSTANCE}?idempotencyKey=a%20key%2F1");
    assert_eq!((seen.line, seen.body.as_str()), (path, ""));
}

#[tokio::test]
async fn assign_and_unassign_carry_their_key_in_the_body() {
    let site: SiteId = SITE.parse().unwrap();
    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &AssignProductInstance {
                    instance: instance(),
                    site: site.clone(),
                    idempotency_key: key(),
                },
            )
            .await
    })
    .await;
    assert_eq!(
        seen.line,
        format!("PATCH /prefix/resellers/v1/packages/product-instances/{INSTANCE}/{SITE}")
    );
    assert_eq!(body(&seen), json!({ "idempotencyKey": "a key/1" }));

    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &UnassignProductInstance {
                    instance: instance(),
                    idempotency_key: key(),
                },
            )
            .await
    })
    .await;
    assert_eq!(
        seen.line,
        format!("PATCH /prefix/resellers/v1/packages/product-instances/{INSTANCE}/unassign")
    );
    assert_eq!(body(&seen), json!({ "idempotencyKey": "a key/1" }));
}

#[tokio::test]
async fn adjust_sends_only_what_changes() {
    let path = format!("PATCH /prefix/resellers/v1/packages/product-instances/{INSTANCE}");
    let product = Adjustment::to_product(PRODUCT.parse().unwrap());
    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &AdjustProductInstance {
                    instance: instance(),
                    adjustment: product.clone(),
                    idempotency_key: key(),
                },
            )
            .await
    })
    .await;
    assert_eq!(seen.line, path);
    assert_eq!(
        body(&seen),
        json!({ "idempotencyKey": "a key/1", "catalogProductId": PRODUCT })
    );

    let billing =
        Adjustment::to_billing(BillingInfo::recurring(CycleUnit::Month, 6)).with_discount("SAVE".parse().unwrap());
    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &AdjustProductInstance {
                    instance: instance(),
                    adjustment: billing.clone(),
                    idempotency_key: key(),
                },
            )
            .await
    })
    .await;
    assert_eq!(
        body(&seen),
        json!({
            "idempotencyKey": "a key/1",
            "billingInfo": { "type": "RECURRING", "cycleDuration": { "unit": "MONTH", "count": 6 } },
            "discountCode": "SAVE",
        })
    );
}

#[tokio::test]
async fn an_external_id_stays_one_segment_of_the_path() {
    let id: ExternalId = "A/b?c#%2e ü".parse().unwrap();
    let seen = sent(|client| async move {
        client
            .execute(
                &account(),
                &UpdateExternalId {
                    package: package(),
                    external_id: id.clone(),
                },
            )
            .await
    })
    .await;
    assert_eq!(
        seen.line,
        format!("PATCH /prefix/resellers/v1/packages/update/{PACKAGE}/A%2Fb%3Fc%23%252e%20%C3%BC")
    );
    assert_eq!(seen.body, "");
}

#[tokio::test]
async fn request_ids_of_successful_answers_are_kept() {
    let stub = Stub::start([Act::Answer(answer(200, "X-Wix-Request-Id: 1700.9\r\n", CREATED))]).await;
    let response = client(&stub.url)
        .execute(&account(), &GetPackage { package: package() })
        .await
        .unwrap();
    assert_eq!(response.request_id.as_deref(), Some("1700.9"));
}

#[tokio::test]
async fn a_replaced_key_is_used_by_every_clone_from_the_next_call_on() {
    let stub = Stub::start([ok(CREATED), ok(CREATED)]).await;
    let client = client(&stub.url);
    let clone = client.clone();
    clone
        .execute(&account(), &GetPackage { package: package() })
        .await
        .unwrap();
    client.set_api_key(ApiKey::new("IST.next").unwrap());
    clone
        .execute(&account(), &GetPackage { package: package() })
        .await
        .unwrap();
    let keys: Vec<String> = stub
        .seen()
        .iter()
        .map(|seen| seen.headers["authorization"].clone())
        .collect();
    assert_eq!(keys, ["IST.test-key", "IST.next"]);
}

#[tokio::test]
async fn the_consistency_token_goes_back_with_the_next_call_for_that_account() {
    let stub = Stub::start([
        Act::Answer(answer(200, "X-Wix-Consistent: t1\r\n", CREATED)),
        ok(CREATED),
        ok(CREATED),
    ])
    .await;
    let client = client(&stub.url);
    let other: AccountId = SITE.parse().unwrap();
    client.execute(&account(), &create_request()).await.unwrap();
    client
        .execute(&other, &GetPackage { package: package() })
        .await
        .unwrap();
    client
        .execute(&account(), &GetPackage { package: package() })
        .await
        .unwrap();
    let tokens: Vec<Option<String>> = stub
        .seen()
        .iter()
        .map(|seen| seen.headers.get("x-wix-consistent").cloned())
        .collect();
    assert_eq!(tokens, [None, None, Some("t1".to_owned())]);
}

#[tokio::test]
async fn calls_can_be_spawned() {
    let stub = Stub::start([ok(CREATED)]).await;
    let client = client(&stub.url);
    let task = tokio::spawn(async move { client.execute(&account(), &create_request()).await });
    assert!(task.await.unwrap().is_ok());
}
