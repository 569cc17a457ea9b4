use super::*;

fn parsed(event: Value) -> Result<Question, String> {
    Question::parse(&event).map_err(|error| error.to_string())
}

#[test]
fn questions_are_read() {
    let key: OrderKey = "shopify/1".parse().unwrap();
    assert_eq!(parsed(json!({ "status": {} })), Ok(Question::Status));
    assert_eq!(
        parsed(json!({ "story": "shopify/1" })),
        Ok(Question::Story(key.clone()))
    );
    assert_eq!(parsed(json!({ "show": "shopify/1" })), Ok(Question::Show(key)));
    assert_eq!(
        parsed(json!({ "find": " #2001 " })),
        Ok(Question::Find("#2001".to_owned()))
    );
    let Ok(Question::List(wanted)) = parsed(json!({ "list": { "state": "due", "limit": 3 } })) else {
        panic!("a list");
    };
    assert_eq!((wanted.state, wanted.limit), (State::Due, 3));
}

// `inspect` may be asked by people who may not buy: nothing that changes anything is understood there.
#[test]
fn no_verb_that_changes_anything_is_a_question() {
    for verb in [
        "retry", "release", "close", "tell", "adopt", "audit", "pause", "resume", "requeue",
    ] {
        let said = parsed(json!({ verb: "shopify/1" })).unwrap_err();
        assert!(
            said.contains(&format!("{verb:?} is no question. Accepted are")),
            "{said}"
        );
    }
    assert!(parsed(json!({})).is_err());
}

#[test]
fn what_is_mistyped_is_answered_with_what_there_is() {
    for (event, said) in [
        (json!({ "story": "1001" }), "\"story\" wants an order key"),
        (json!({ "list": { "state": "lost" } }), "there is no state \"lost\""),
        (json!({ "list": { "limit": 0 } }), "from 1 to 1000"),
        (json!({ "list": { "color": "red" } }), "no member \"color\""),
        (json!({ "find": "" }), "wants a text"),
        (json!({ "attention": 1 }), "wants an empty object"),
    ] {
        let answer = parsed(event).unwrap_err();
        assert!(answer.contains(said), "{answer}");
    }
}
