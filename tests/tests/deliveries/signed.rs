//! Who may deliver, asked at the door: rotation, secrets that are away, and signatures of others.

use std::time::Duration;

use reseller_hooks::order::{OrderEvent, StorefrontKind};
use reseller_hooks::storefront::sign;
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::deployment::Deployment;
use reseller_hooks_tests::effects::Effects;
use reseller_hooks_tests::post::{Post, SECRETS, secret};
use reseller_hooks_tests::world::World;

use super::samples::{PAID, shopify};

const STANDARD: &str = include_str!("../../../events/standard/order_paid.json");
const WIX_PAID: &str = include_str!("../../../events/wix/order_payment_status_updated_paid.json");

fn kind() -> Deployment {
    Deployment::new(World::kind())
}

/// Posts to one instance of the function, again and again.
fn served(deployment: &Deployment) -> impl Fn(&Post) -> Disposition {
    let effects = Effects::counted();
    let function = deployment.function(&effects);
    move |post| deployment.post_to(&function, &effects, post).unwrap().disposition
}

/// A secret document with these for Shopify.
fn document(secrets: &[&str]) -> String {
    let secrets = serde_json::json!(secrets);
    format!(r#"{{"storefronts":{{"shopify":{{"secrets":{secrets}}}}}}}"#)
}

#[test]
fn during_a_rotation_either_secret_counts_and_then_the_new_one_only() {
    let deployment = kind();
    let old = shopify("orders/paid", PAID);
    let kind = StorefrontKind::Shopify;
    let new = Post::signed_with("the new one", kind, "orders/paid", &old.body, deployment.now());
    deployment.put_secret(Some(&document(&["the new one", secret(kind)])));
    let post = served(&deployment);
    assert_eq!((post(&old), post(&new)), (Disposition::Stored, Disposition::Stored));
    deployment.put_secret(Some(&document(&["the new one"])));
    deployment.world.clock.advance(Duration::from_secs(300));
    assert_eq!((post(&old), post(&new)), (Disposition::Unverified, Disposition::Stored));
}

#[test]
fn a_secret_that_cannot_be_fetched_at_start_is_503_until_it_can() {
    let deployment = kind();
    deployment.put_secret(None);
    let post = served(&deployment);
    let paid = shopify("orders/paid", PAID);
    assert_eq!(post(&paid), Disposition::Unavailable);
    assert_eq!(deployment.shelf().messages, []);
    deployment.put_secret(Some(SECRETS));
    assert_eq!(post(&paid), Disposition::Stored);
}

#[test]
fn a_stale_secret_stays_in_use_while_it_cannot_be_fetched() {
    let deployment = kind();
    let post = served(&deployment);
    let paid = shopify("orders/paid", PAID);
    assert_eq!(post(&paid), Disposition::Stored);
    deployment.put_secret(None);
    deployment.world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(post(&paid), Disposition::Stored);
    // Rotated meanwhile: a minute after the attempt that failed, it is fetched again.
    deployment.put_secret(Some(&document(&["the new one"])));
    deployment.world.clock.advance(Duration::from_secs(60));
    assert_eq!(post(&paid), Disposition::Unverified);
}

#[test]
fn what_was_signed_for_another_shop_is_not_taken_at_this_shops_address() {
    let deployment = kind();
    let (north, south) = ("whsec_bm9ydGggbm9ydGggbm9ydGg=", "whsec_c291dGggc291dGggc291dGg=");
    deployment.put_secret(Some(&format!(
        r#"{{"storefronts":{{"standard":{{"shops":{{"north":{{"secrets":["{north}"]}},"south":{{"secrets":["{south}"]}}}}}}}}}}"#
    )));
    let body = sign::as_of(STANDARD, deployment.now());
    let at = deployment.now();
    let post = |path| Post::signed_with(south, StorefrontKind::Standard, "", &body, at).to(path);
    assert_eq!(
        deployment.post(&post("/webhooks/standard/north")),
        Disposition::Unverified
    );
    assert_eq!(deployment.shelf().messages, []);
    // At its own and at the common one it is south's order, whatever the path says.
    for path in ["/webhooks/standard/south", "/webhooks/standard"] {
        assert_eq!(deployment.post(&post(path)), Disposition::Stored);
        let message = deployment.shelf().messages.pop().unwrap();
        let event = OrderEvent::from_json(&message.body).unwrap();
        assert_eq!(event.key.to_string(), "standard/south/1001");
    }
}

/// A token as Wix makes it, with another header: the signature over it does not fit, and need not be looked at.
fn token_of(algorithm: &str, deployment: &Deployment) -> String {
    let post = Post::sample(StorefrontKind::Wix, "", WIX_PAID, deployment.now());
    let (_, rest) = post.body.split_once('.').unwrap();
    format!("{algorithm}.{rest}")
}

#[test]
fn a_token_of_another_algorithm_is_not_taken_at_the_door() {
    let deployment = kind();
    // {"alg":"RS256"}, {"alg":"none"}, {"alg":"RS512"}, {"alg":"HS256"}
    let (rs256, none) = ("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJub25lIn0");
    let (rs512, hs256) = ("eyJhbGciOiJSUzUxMiJ9", "eyJhbGciOiJIUzI1NiJ9");
    let mut bodies: Vec<String> = [rs256, none, rs512, hs256]
        .iter()
        .map(|header| token_of(header, &deployment))
        .collect();
    // Without any signature, too.
    let (unsigned, _) = bodies[1].rsplit_once('.').unwrap();
    bodies.push(format!("{unsigned}."));
    for body in bodies {
        let post = Post {
            path: "/webhooks/wix".to_owned(),
            headers: http::HeaderMap::new(),
            body,
        };
        assert_eq!(deployment.post(&post), Disposition::Unverified, "{}", &post.body[..24]);
    }
    assert_eq!(deployment.shelf().messages, []);
}
