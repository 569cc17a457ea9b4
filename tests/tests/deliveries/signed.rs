//! Who may deliver, asked at the door: rotation, secrets that are away, and signatures of others.

use std::time::Duration;

use reseller_hooks::order::{OrderEvent, StorefrontKind};
use reseller_hooks::storefront::sign;
use reseller_hooks::webhook::Disposition;
use reseller_hooks_tests::effects::Effects;
use reseller_hooks_tests::world::World;

use super::stage::{PAID, Post, SECRET, SECRETS, Stage, header_map};

const STANDARD: &str = include_str!("../../../events/standard/order_paid.json");
const WIX_PAID: &str = include_str!("../../../events/wix/order_payment_status_updated_paid.json");
const WIX_KEY: &str = include_str!("../../../events/wix/test-private-key.pem");
const SITE: &str = "3BBCABC7-ebb7-4fc8-8829-13ea0e142123";

fn stage() -> Stage {
    Stage::new(World::kind())
}

/// Posts to one instance of the function, again and again.
fn served(stage: &Stage) -> impl Fn(&Post) -> Disposition {
    let effects = Effects::counted();
    let function = stage.function(&effects);
    move |post| stage.post_to(&function, &effects, post).unwrap().disposition
}

fn shopify(secrets: &str) -> String {
    format!(r#"{{"storefronts":{{"shopify":{{"secrets":[{secrets}]}}}}}}"#)
}

#[test]
fn during_a_rotation_deliveries_with_either_secret_are_taken_and_afterwards_with_the_new_one_only() {
    let stage = stage();
    let old = Post::shopify("orders/paid", PAID);
    let mut new = old.clone();
    let headers = sign::sign(
        StorefrontKind::Shopify,
        "the new one",
        old.body.as_bytes(),
        "orders/paid",
        stage.now(),
    );
    new.headers = header_map(&headers.unwrap());
    stage.put_secret(Some(&shopify(&format!(r#""the new one","{SECRET}""#))));
    let post = served(&stage);
    assert_eq!((post(&old), post(&new)), (Disposition::Stored, Disposition::Stored));
    stage.put_secret(Some(&shopify(r#""the new one""#)));
    stage.world.clock.advance(Duration::from_secs(300));
    assert_eq!((post(&old), post(&new)), (Disposition::Unverified, Disposition::Stored));
}

#[test]
fn a_secret_that_cannot_be_fetched_at_start_is_503_until_it_can() {
    let stage = stage();
    stage.put_secret(None);
    let post = served(&stage);
    let paid = Post::shopify("orders/paid", PAID);
    assert_eq!(post(&paid), Disposition::Unavailable);
    assert_eq!(stage.shelf().messages, []);
    stage.put_secret(Some(SECRETS));
    assert_eq!(post(&paid), Disposition::Stored);
}

#[test]
fn a_kept_secret_that_is_stale_stays_in_use_while_it_cannot_be_fetched_and_is_then_fetched_again() {
    let stage = stage();
    let post = served(&stage);
    let paid = Post::shopify("orders/paid", PAID);
    assert_eq!(post(&paid), Disposition::Stored);
    stage.put_secret(None);
    stage.world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(post(&paid), Disposition::Stored);
    // Rotated meanwhile: a minute after the attempt that failed, it is fetched again.
    stage.put_secret(Some(&shopify(r#""the new one""#)));
    stage.world.clock.advance(Duration::from_secs(60));
    assert_eq!(post(&paid), Disposition::Unverified);
}

#[test]
fn what_was_signed_for_another_shop_is_not_taken_at_this_shops_address() {
    let stage = stage();
    let (north, south) = ("whsec_bm9ydGggbm9ydGggbm9ydGg=", "whsec_c291dGggc291dGggc291dGg=");
    stage.put_secret(Some(&format!(
        r#"{{"storefronts":{{"standard":{{"shops":{{"north":{{"secrets":["{north}"]}},"south":{{"secrets":["{south}"]}}}}}}}}}}"#
    )));
    let body = sign::as_of(STANDARD, stage.now());
    let headers = sign::sign(StorefrontKind::Standard, south, body.as_bytes(), "", stage.now()).unwrap();
    let post = |path| Post {
        path,
        headers: header_map(&headers),
        body: body.clone(),
    };
    assert_eq!(stage.post(&post("/webhooks/standard/north")), Disposition::Unverified);
    assert_eq!(stage.shelf().messages, []);
    // At its own and at the common one it is south's order, whoever says otherwise.
    for path in ["/webhooks/standard/south", "/webhooks/standard"] {
        assert_eq!(stage.post(&post(path)), Disposition::Stored);
        let message = stage.shelf().messages.pop().unwrap();
        let event = OrderEvent::from_json(&message.body).unwrap();
        assert_eq!(event.key.to_string(), "standard/south/1001");
    }
}

/// A token as Wix makes it, with another header: the signature over it does not fit, and need not be looked at.
fn token_of(algorithm: &str, stage: &Stage) -> String {
    let event = sign::as_of(WIX_PAID, stage.now());
    let kind = sign::wix_event_type(&event).unwrap();
    let token = sign::wix_jwt(WIX_KEY, &kind, SITE, &event, stage.now()).unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    format!("{algorithm}.{rest}")
}

#[test]
fn a_token_of_another_algorithm_is_not_taken_at_the_door() {
    let stage = stage();
    // {"alg":"RS256"}, {"alg":"none"}, {"alg":"RS512"}, {"alg":"HS256"}
    let (rs256, none) = ("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJub25lIn0");
    let (rs512, hs256) = ("eyJhbGciOiJSUzUxMiJ9", "eyJhbGciOiJIUzI1NiJ9");
    let mut bodies: Vec<String> = [rs256, none, rs512, hs256]
        .iter()
        .map(|header| token_of(header, &stage))
        .collect();
    // Without any signature, too.
    let (unsigned, _) = bodies[1].rsplit_once('.').unwrap();
    bodies.push(format!("{unsigned}."));
    for body in bodies {
        let post = Post {
            path: "/webhooks/wix",
            headers: header_map(&[("content-type", "text/plain".to_owned())]),
            body,
        };
        assert_eq!(stage.post(&post), Disposition::Unverified, "{}", &post.body[..24]);
    }
    assert_eq!(stage.shelf().messages, []);
}
