//! The command that ends a problem: how the verb that its sentence names is typed.

use crate::fulfilment::{Attention, Verb};

/// How the problem's verb is typed, the one that does most where its sentence names several. A person still has to remove
/// the cause before; where it names none, nothing ends the problem but its cause, and the order is shown. `line` is that of
/// an order which has a single one.
pub fn ending(key: &str, problem: &Attention, line: Option<&str>) -> String {
    match problem.verbs.first() {
        Some(Verb::Retry) => format!("reseller order retry {key}"),
        Some(Verb::Replace) => format!("reseller order retry {key} --replace"),
        Some(Verb::Release) => release(key),
        Some(Verb::Tell) => tell(key, &problem.advice, line),
        Some(Verb::Close) => format!("reseller order close {key} {} --reason WHY", problem.id),
        None => format!("reseller order show {key}"),
    }
}

/// How what is held is bought.
pub(super) fn release(key: &str) -> String {
    format!("reseller order release {key}")
}

/// Two questions are asked of an operator: what was given back, and whether it is paid.
fn tell(key: &str, advice: &str, line: Option<&str>) -> String {
    if advice.contains("tell whether it is paid") {
        format!("reseller order tell {key} --paid (or --not-paid)")
    } else {
        format!("reseller order tell {key} --refunded {}=UNITS", line.unwrap_or("LINE"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfilment::record::ProblemId;

    fn typed(advice: &str) -> String {
        let problem = Attention {
            what: "base package b1".to_owned(),
            code: "CODE".to_owned(),
            request_id: None,
            advice: advice.to_owned(),
            verbs: Verb::named_in(advice),
            id: ProblemId::of(&["it"]),
        };
        ending("shopify/1", &problem, None)
    }

    #[test]
    fn the_verb_of_the_sentence_is_the_command() {
        assert_eq!(
            typed("the catalog has no SKU X: add it, deploy, then retry the order, or close this"),
            "reseller order retry shopify/1"
        );
        assert_eq!(
            typed("release the order to buy it, or close this where it was fulfilled otherwise"),
            "reseller order release shopify/1"
        );
        assert_eq!(
            typed("it is canceled: retry the order with replace to buy it again, or close this"),
            "reseller order retry shopify/1 --replace"
        );
        let id = ProblemId::of(&["it"]);
        assert_eq!(
            typed("move it at Wix by hand if that is meant, then close this"),
            format!("reseller order close shopify/1 {id} --reason WHY")
        );
    }

    #[test]
    fn a_question_is_answered_by_tell_with_the_answers_there_are() {
        assert!(typed("unclear: tell whether it is paid").contains("--paid (or --not-paid)"));
        assert!(typed("names no lines: tell which units it gave back").contains("--refunded LINE=UNITS"));
    }

    #[test]
    fn what_ends_by_itself_is_only_shown() {
        assert_eq!(typed("it is asked again by itself"), "reseller order show shopify/1");
    }
}
