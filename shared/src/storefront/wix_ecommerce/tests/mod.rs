//! What becomes of Wix' tokens, one by one.

mod lines;
mod orders;
mod token;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use serde_json::json;

use super::super::testing::{
    INSTANCE, NOW, PRIVATE_KEY, PUBLIC_KEY, deliver, event, nothing, parked, received, shops, snapshot, units, with,
    wix_signed,
};
use super::super::{Key, OrderQueue, Outcome, Sites, receive, sign};
use super::*;
use crate::order::{OrderEvent, Paid, Snapshot, Statement};

const KIND: StorefrontKind = StorefrontKind::Wix;
const PAID: &str = include_str!("../../../../../events/wix/order_payment_status_updated_paid.json");
const INITIALIZED: &str = include_str!("../../../../../events/wix/order_created_initialized.json");
const NOT_PAID: &str = include_str!("../../../../../events/wix/order_approved_not_paid.json");
const AS_TEXT: &str = include_str!("../../../../../events/wix/order_approved_as_text.json");
const REFUNDED_ONE: &str = include_str!("../../../../../events/wix/order_updated_refunded_one.json");
const CANCELED: &str = include_str!("../../../../../events/wix/order_canceled.json");
const REFERENCE: &str = include_str!("../../../../../events/wix/order_updated_reference.json");
const ANONYMIZED: &str = include_str!("../../../../../events/wix/order_updated_anonymized.json");
const IMPORTED: &str = include_str!("../../../../../events/wix/order_created_imported.json");
const TRANSACTIONS: &str = include_str!("../../../../../events/wix/order_transactions_refund_completed.json");

/// The public key and the token of Wix's published example; the token expired on 2022-02-09.
const VECTOR_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjUtCVyLGf8M0+qlYWrJvNYXpCwV2viCFuf4TJcdxoocZT0GOghRA0q9tYko5Rt4uJXARwn3khou9qKnZYC1+7+81HY3JSoY9Hc5FILrYuxhkdYEDwKd2A27x4k4MLlEV9YlU2Vugr3oGE3+smuNl6RhPn7gHvdK7cK9Ss1cZIg+icNPjUD+tHiDa4tn4I8uJOQqvA+PNXok3AntDZvYDETlQctvZVLV5cNvP81JdYOf4huItqoZkATtXwJE8Cm0cvu9vm0IqZCn4KHxjTnBkCMY5DcX4T+CyW9klcdmWINxGRQI8VAHORuvGi2gKTK0zZvk7FZHOTjLfEMdgJ/uYvwIDAQAB";
const VECTOR: &str = "eyJraWQiOiJMR3VhcGtTRCIsImFsZyI6IlJTMjU2In0.eyJkYXRhIjoie1wiZGF0YVwiOlwie1xcXCJhcHBJZFxcXCI6XFxcIjViYzIwNjJkLTAxMGItNDQ4Yy1hNjJhLWQ2YmIyNjljNWE0Y1xcXCIsIFxcXCJvcmlnaW5JbnN0YW5jZUlkXFxcIjpcXFwiMDc4NjRjMTYtM2E2Zi00ZGQyLTk5NzMtMDI4NzA1NzYyYjJjXFxcIn1cIixcImluc3RhbmNlSWRcIjpcIjNiYmNhYmM3LWViYjctNGZjOC04ODI5LTEzZWEwZTE0MjEyM1wiLFwiZXZlbnRUeXBlXCI6XCJBcHBJbnN0YWxsZWRcIn0iLCJpYXQiOjE2NDA3ODg1NTQsImV4cCI6MTY0NDM4ODU1NH0.efOBeS4YXRIFUMOQ1x8AiHX50zrzdmSg3hU03dYFtsXdcf2S_lvu2VlnvxuesEFUoqLTh3ALnMs7gQpLPkCeLscWWOwW6sEuue3ONFFizB92YUDlQGjKAg4duykz37wbFrkak38Gp1k6ghGQGN7GXmoYHRFvHpXlVxONPRn9cgt4SSxVbR4po5aUpbDOjB8VkoUzbtQPiVW2Dv4-L8E4kQSXvbXuDhMwEHWyboFNRB1W7ayQS6_TiXoy4cTu-4PLMFh3Wfg8YnfEmmL56qXbWyutLfPs94gAT2--6vSqJzNhDoauj-nzCQESwAz2VeBeldI_GoVZFt6XFVhgynPwdg";

fn vector(token: &[u8], received_at: i64) -> Result<Outcome, ReceiveError> {
    let headers = HeaderMap::new();
    let delivery = Delivery {
        headers: &headers,
        body: token,
        received_at: Timestamp::from_secs(received_at),
    };
    let shops = [ShopKeys::new(None, vec![Key::new(KIND, VECTOR_KEY).unwrap()])];
    receive(KIND, &delivery, &shops, &FieldNames::default())
}

fn post(token: &str, shops: &[ShopKeys]) -> Result<Outcome, ReceiveError> {
    received(KIND, &HeaderMap::new(), token.as_bytes(), shops)
}

const fn unverified<T>(error: VerifyError) -> Result<T, ReceiveError> {
    Err(ReceiveError::Unverified(error))
}

/// What each event of one delivery says.
fn says(body: &str) -> Vec<OrderEvent> {
    match deliver(KIND, body.as_bytes(), "").unwrap() {
        Outcome::Events(events) => events.into_iter().map(|(event, _)| event).collect(),
        Outcome::Nothing(reason) => panic!("nothing: {reason}"),
    }
}
