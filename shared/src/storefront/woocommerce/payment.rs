//! Whether an order is paid. Its status says so and nothing else does: a date of payment is history, and plugins set it
//! before the status that they filter in (WooCommerce's source).

use crate::order::{Ended, Paid};

/// The ID of the payment method that comes with `WooCommerce` and is paid at the door.
const CASH_ON_DELIVERY: &str = "cod";

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) paid: Paid,
    pub(super) ended: Option<Ended>,
}

/// What is asked of an order to know whether it is paid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// Without the prefix `wc-`.
    pub(super) status: &'a str,
    pub(super) method: Option<&'a str>,
    /// `true` proves that money is missing; anything else proves nothing (source).
    pub(super) needs_payment: bool,
    /// It was paid at some time.
    pub(super) has_date_paid: bool,
    /// The reseller's `paid_statuses`.
    pub(super) paid_statuses: &'a [String],
}

/// A status without the prefix that the database, clients and old versions write.
pub(super) fn bare(status: &str) -> &str {
    let status = status.trim();
    status.strip_prefix("wc-").unwrap_or(status)
}

pub(super) fn standing(question: Question<'_>) -> Standing {
    let open = |paid| Standing { paid, ended: None };
    let over = |ended| Standing {
        paid: Paid::No,
        ended: Some(ended),
    };
    let paid = open(match question.needs_payment {
        false => Paid::Full,
        // The shop contradicts itself.
        true => Paid::Unclear,
    });
    match question.status {
        "cancelled" | "refunded" | "trash" => over(Ended::PLAIN),
        // The buyer can try again.
        "failed" => over(Ended::REVERSIBLE),
        "completed" => paid,
        // `processing` says that the order may be packed. With cash on delivery that is before anybody has paid.
        "processing" if question.method == Some(CASH_ON_DELIVERY) => open(Paid::No),
        "processing" => paid,
        status if question.paid_statuses.iter().any(|paid| paid == status) => paid,
        "pending" | "on-hold" | "checkout-draft" | "auto-draft" | "draft" => open(Paid::No),
        // Statuses of plugins for deposits.
        "partially-paid" | "partial-payment" | "partial-paid" | "deposit" | "deposit-paid" | "pending-deposit"
        | "scheduled-payment" => open(Paid::No),
        // What was bought stays, and whether more was paid for cannot be known.
        _ if question.has_date_paid => open(Paid::Unclear),
        _ => open(Paid::No),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str) -> Question<'_> {
        Question {
            status,
            method: Some("stripe"),
            needs_payment: false,
            has_date_paid: false,
            paid_statuses: &[],
        }
    }

    #[test]
    fn processing_and_completed_are_paid_and_nothing_else_in_core_is() {
        for (status, paid) in [
            ("processing", Paid::Full),
            ("completed", Paid::Full),
            ("pending", Paid::No),
            ("on-hold", Paid::No),
            ("checkout-draft", Paid::No),
            ("auto-draft", Paid::No),
            ("partially-paid", Paid::No),
            ("packed-by-robot", Paid::No),
        ] {
            assert_eq!(standing(of(status)).paid, paid, "{status}");
            let dated = Question {
                has_date_paid: true,
                ..of(status)
            };
            let expected = if status == "packed-by-robot" {
                Paid::Unclear
            } else {
                paid
            };
            assert_eq!(standing(dated).paid, expected, "{status} with a date of payment");
        }
    }

    #[test]
    fn cash_on_delivery_is_paid_when_it_is_completed() {
        let cash = |status| Question {
            method: Some("cod"),
            has_date_paid: true,
            ..of(status)
        };
        assert_eq!(standing(cash("processing")).paid, Paid::No);
        assert_eq!(standing(cash("completed")).paid, Paid::Full);
    }

    #[test]
    fn a_status_that_the_reseller_names_is_paid() {
        let named = ["packed".to_owned(), "cancelled".to_owned()];
        let of = |status| Question {
            paid_statuses: &named,
            ..of(status)
        };
        assert_eq!(standing(of("packed")).paid, Paid::Full);
        // A cancellation is one, whatever it is named.
        assert!(standing(of("cancelled")).ended.is_some());
    }

    #[test]
    fn a_paid_status_that_needs_payment_is_unclear() {
        for status in ["processing", "completed"] {
            let question = Question {
                needs_payment: true,
                ..of(status)
            };
            assert_eq!(standing(question).paid, Paid::Unclear, "{status}");
        }
    }

    #[test]
    fn a_failed_payment_may_come_back_and_a_cancellation_is_plain() {
        assert_eq!(standing(of("failed")).ended, Some(Ended::REVERSIBLE));
        for status in ["cancelled", "refunded", "trash"] {
            assert_eq!(standing(of(status)).ended, Some(Ended::PLAIN), "{status}");
        }
    }
}
