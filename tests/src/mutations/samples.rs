//! The bodies that are changed: every sample in `events/` that a storefront would send signed.

use reseller_hooks::order::StorefrontKind;

/// One delivery of a storefront.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Its file in `events/`.
    pub name: &'static str,
    /// Whose it is.
    pub kind: StorefrontKind,
    /// Under which topic it comes; for Wix the slug of an order's event, or the whole type of another.
    pub topic: &'static str,
    /// What it says; for Wix the domain event, which is still to be wrapped and signed.
    pub body: &'static str,
    /// A word that alone stands between it and a purchase.
    pub(super) word: Option<Word>,
}

/// A word whose change says something else: that an order is no test, or not canceled after all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// Where it stands.
    pub(super) at: &'static str,
    /// The storefront leaves it out of what it does not apply to, so that its absence says as much as another value.
    /// Elsewhere a body without it must buy nothing.
    pub(super) may_be_absent: bool,
}

const fn always(at: &'static str) -> Option<Word> {
    Some(Word {
        at,
        may_be_absent: false,
    })
}

const fn sometimes(at: &'static str) -> Option<Word> {
    Some(Word {
        at,
        may_be_absent: true,
    })
}

macro_rules! samples {
    ($($kind:ident $path:literal $topic:literal $word:expr;)+) => {
        /// All of them.
        pub const SAMPLES: &[Sample] = &[$(Sample {
            name: $path,
            kind: StorefrontKind::$kind,
            topic: $topic,
            body: include_str!(concat!("../../../events/", $path)),
            word: $word,
        }),+];
    };
}

samples! {
    Shopify "shopify/orders_paid.json" "orders/paid" None;
    Shopify "shopify/orders_paid_unknown_sku.json" "orders/paid" None;
    Shopify "shopify/orders_updated_refunded_one.json" "orders/updated" None;
    Shopify "shopify/orders_updated_old_api.json" "orders/updated" None;
    Shopify "shopify/orders_updated_edit_up_unpaid.json" "orders/updated" None;
    Shopify "shopify/orders_updated_reference.json" "orders/updated" None;
    Shopify "shopify/orders_create_pending.json" "orders/create" None;
    Shopify "shopify/orders_cancelled.json" "orders/cancelled" None;
    Shopify "shopify/refunds_create.json" "refunds/create" None;
    Shopify "shopify/refunds_create_amount_only.json" "refunds/create" None;
    Shopify "shopify/orders_edited.json" "orders/edited" None;
    Shopify "shopify/test_notification.json" "orders/paid" None;
    Shopify "shopify/orders_paid_test_order.json" "orders/paid" always("/test");
    Shopify "shopify/orders_paid_subscription_first.json" "orders/paid" None;
    Shopify "shopify/orders_paid_subscription_renewal.json" "orders/paid" None;
    Shopify "shopify/orders_paid_bundle.json" "orders/paid" None;
    Shopify "shopify/orders_paid_loose_shapes.json" "orders/paid" None;
    Shopify "shopify/orders_create_authorized.json" "orders/create" None;
    Shopify "shopify/orders_updated_deposit.json" "orders/updated" None;
    Shopify "shopify/orders_updated_refund_failed.json" "orders/updated" None;
    Shopify "shopify/refunds_create_pending.json" "refunds/create" None;
    Shopify "shopify/refunds_create_shipping_only.json" "refunds/create" None;
    Shopify "shopify/disputes_create.json" "disputes/create" None;
    Shopify "shopify/disputes_create_inquiry.json" "disputes/create" None;
    Shopify "shopify/disputes_update_lost.json" "disputes/update" None;
    Shopify "shopify/disputes_update_won.json" "disputes/update" None;
    Shopify "shopify/subscription_contracts_create.json" "subscription_contracts/create" None;
    Shopify "shopify/subscription_contracts_fail.json" "subscription_contracts/fail" None;
    Shopify "shopify/subscription_contracts_activate.json" "subscription_contracts/activate" None;
    Shopify "shopify/subscription_contracts_cancel.json" "subscription_contracts/cancel" None;
    Shopify "shopify/subscription_contracts_pause.json" "subscription_contracts/pause" None;
    Shopify "shopify/subscription_billing_attempts_success.json" "subscription_billing_attempts/success" None;
    Shopify "shopify/subscription_billing_attempts_failure.json" "subscription_billing_attempts/failure" None;

    Wix "wix/order_payment_status_updated_paid.json" "payment_status_updated" None;
    Wix "wix/order_approved_as_text.json" "approved" None;
    Wix "wix/order_approved_not_paid.json" "approved" None;
    Wix "wix/order_created_initialized.json" "created" None;
    Wix "wix/order_updated_refunded_one.json" "updated" None;
    Wix "wix/order_canceled.json" "canceled" None;
    Wix "wix/order_updated_reference.json" "updated" None;
    Wix "wix/order_transactions_refund_completed.json" "transactions_refund_completed" None;
    Wix "wix/order_paid_subscription_first.json" "payment_status_updated" None;
    Wix "wix/order_paid_subscription_renewal.json" "payment_status_updated"
        sometimes("/actionEvent/body/order/lineItems/0/subscriptionInfo");
    Wix "wix/order_approved_renewal_unpaid.json" "approved" None;
    Wix "wix/order_updated_cycle_refunded.json" "updated" None;
    Wix "wix/order_paid_mixed.json" "payment_status_updated" None;
    Wix "wix/order_paid_free_text.json" "payment_status_updated" None;
    Wix "wix/order_updated_amount_refunded.json" "updated" None;
    Wix "wix/order_transactions_refund_failed.json" "transactions_refund_completed" None;
    Wix "wix/subscription_contract_canceled.json" "wix.ecom.subscription_contracts.v1.subscription_contract_canceled" None;
    Wix "wix/subscription_contract_expired.json" "wix.ecom.subscription_contracts.v1.subscription_contract_expired" None;
    Wix "wix/subscription_contract_updated.json" "wix.ecom.subscription_contracts.v1.subscription_contract_updated" None;
    Wix "wix/subscription_contract_deleted.json" "wix.ecom.subscription_contracts.v1.subscription_contract_deleted" None;
    Wix "wix/pricing_plans_order_ended.json" "wix.pricing_plans.v2.order_ended" None;
    Wix "wix/pricing_plans_order_auto_renew_canceled.json" "wix.pricing_plans.v2.order_auto_renew_canceled" None;
    Wix "wix/order_updated_anonymized.json" "updated" sometimes("/triggeredByAnonymizeRequest");
    Wix "wix/order_created_imported.json" "created" sometimes("/createdEvent/entity/imported");

    Woocommerce "woocommerce/order_updated_processing.json" "order.updated" None;
    Woocommerce "woocommerce/order_updated_completed_by_hand.json" "order.updated" None;
    Woocommerce "woocommerce/order_updated_cash_on_delivery.json" "order.updated" always("/payment_method");
    Woocommerce "woocommerce/order_updated_partial_refund.json" "order.updated" always("/refunds");
    Woocommerce "woocommerce/order_created_pending.json" "order.created" None;
    Woocommerce "woocommerce/order_updated_cancelled.json" "order.updated" always("/status");
    Woocommerce "woocommerce/order_updated_refunded.json" "order.updated" always("/status");
    Woocommerce "woocommerce/order_deleted.json" "order.deleted" None;
    Woocommerce "woocommerce/rest_error.json" "order.updated" None;
    Woocommerce "woocommerce/order_created_renewal.json" "order.created" None;
    Woocommerce "woocommerce/order_updated_test_mode.json" "order.updated" sometimes("/meta_data");
    Woocommerce "woocommerce/order_updated_switch.json" "order.updated" sometimes("/meta_data");
    Woocommerce "woocommerce/order_restored.json" "order.restored" None;
    Woocommerce "woocommerce/order_created_suborder.json" "order.created" sometimes("/parent_id");
    Woocommerce "woocommerce/order_updated_bundle.json" "order.updated" None;
    Woocommerce "woocommerce/order_updated_meta_as_object.json" "order.updated" None;
    Woocommerce "woocommerce/subscription_created.json" "subscription.created" None;
    Woocommerce "woocommerce/subscription_updated_on_hold.json" "subscription.updated" None;
    Woocommerce "woocommerce/subscription_updated_cancelled.json" "subscription.updated" None;

    Stripe "stripe/checkout_session_completed.json" "" None;
    Stripe "stripe/charge_captured.json" "" None;
    Stripe "stripe/charge_dispute_closed.json" "" None;
    Stripe "stripe/charge_dispute_created.json" "" None;
    Stripe "stripe/charge_expired.json" "" None;
    Stripe "stripe/charge_refund_updated.json" "" None;
    Stripe "stripe/charge_refunded.json" "" None;
    Stripe "stripe/charge_refunded_of_subscription.json" "" None;
    Stripe "stripe/charge_refunded_partial.json" "" None;
    Stripe "stripe/checkout_session_async_payment_failed.json" "" None;
    Stripe "stripe/checkout_session_async_payment_succeeded.json" "" None;
    Stripe "stripe/checkout_session_completed_subscription.json" "" None;
    Stripe "stripe/checkout_session_completed_test_mode.json" "" always("/livemode");
    Stripe "stripe/checkout_session_completed_unpaid.json" "" None;
    Stripe "stripe/checkout_session_expired.json" "" None;
    Stripe "stripe/customer_subscription_created.json" "" None;
    Stripe "stripe/customer_subscription_created_trialing.json" "" None;
    Stripe "stripe/customer_subscription_deleted.json" "" None;
    Stripe "stripe/customer_subscription_paused.json" "" None;
    Stripe "stripe/customer_subscription_resumed.json" "" None;
    Stripe "stripe/customer_subscription_trial_will_end.json" "" None;
    Stripe "stripe/customer_subscription_updated_active.json" "" None;
    Stripe "stripe/customer_subscription_updated_collection_paused.json" "" None;
    Stripe "stripe/customer_subscription_updated_price.json" "" None;
    Stripe "stripe/customer_subscription_updated_quantity.json" "" None;
    Stripe "stripe/customer_subscription_updated_site.json" "" None;
    Stripe "stripe/customer_subscription_updated_unpaid.json" "" None;
    Stripe "stripe/invoice_paid_first.json" "" None;
    Stripe "stripe/invoice_paid_first_2018.json" "" None;
    Stripe "stripe/invoice_paid_first_2018_today.json" "" None;
    Stripe "stripe/invoice_paid_first_dahlia.json" "" None;
    Stripe "stripe/invoice_paid_first_old_api.json" "" None;
    Stripe "stripe/invoice_paid_plan_change.json" "" None;
    Stripe "stripe/invoice_paid_renewal.json" "" None;
    Stripe "stripe/invoice_paid_trial.json" "" None;
    Stripe "stripe/invoice_paid_update.json" "" None;
    Stripe "stripe/invoice_payment_failed.json" "" None;
    Stripe "stripe/invoice_payment_paid.json" "" None;
    Stripe "stripe/payment_intent_canceled.json" "" None;
    Stripe "stripe/payment_intent_succeeded.json" "" None;
    Stripe "stripe/payment_intent_succeeded_in_part.json" "" None;
    Stripe "stripe/radar_early_fraud_warning_created.json" "" None;
    Stripe "stripe/refund_created.json" "" None;
    Stripe "stripe/refund_failed.json" "" None;
    Stripe "stripe/thin_event.json" "" None;

    Standard "standard/order_paid.json" "" None;
    Standard "standard/order_created_unpaid.json" "" None;
    Standard "standard/order_updated_reference.json" "" None;
    Standard "standard/order_updated_refunded_one.json" "" None;
    Standard "standard/order_refunded.json" "" None;
    Standard "standard/order_canceled.json" "" None;
    Standard "standard/bigcommerce_order_created.json" "" None;
    Standard "standard/bigcommerce_product_updated.json" "" None;
    Standard "standard/subscription_first.json" "" None;
    Standard "standard/subscription_renewal.json" "" None;
    Standard "standard/subscription_suspended.json" "" None;
    Standard "standard/subscription_active.json" "" None;
    Standard "standard/subscription_ended.json" "" None;
    Standard "standard/order_trial.json" "" None;
    Standard "standard/order_composite.json" "" None;
    Standard "standard/order_refund_pending.json" "" None;
    Standard "standard/order_refund_failed.json" "" None;
    Standard "standard/order_refund_of_an_amount.json" "" None;
    Standard "standard/order_refund_whole.json" "" None;
    Standard "standard/dispute_open.json" "" None;
    Standard "standard/dispute_lost.json" "" None;
    Standard "standard/dispute_inquiry.json" "" None;
}

/// A sample of a storefront that is paid, of which the others may be later versions.
pub(super) const fn paid(kind: StorefrontKind) -> &'static str {
    match kind {
        StorefrontKind::Shopify => "shopify/orders_paid.json",
        StorefrontKind::Wix => "wix/order_payment_status_updated_paid.json",
        StorefrontKind::Woocommerce => "woocommerce/order_updated_processing.json",
        StorefrontKind::Stripe => "stripe/checkout_session_completed.json",
        StorefrontKind::Standard => "standard/order_paid.json",
    }
}
