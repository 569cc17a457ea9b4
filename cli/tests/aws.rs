//! A stack on AWS, as the command line sees it: what it calls, how it signs, and what it makes of each answer. A server of
//! this process stands where AWS would be.

use std::io::{Cursor, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use reseller::{Exit, Session, Terminal};
use reseller_hooks::config::Env;

use super::shop::Ran;

/// What was asked: the head, and the body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

pub(crate) struct Cloud {
    address: String,
    asked: Asked,
}

const STACK: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>shop</StackName><Outputs>\
    <member><OutputKey>InspectFunction</OutputKey><OutputValue>shop-Inspect-1</OutputValue></member>\
    <member><Description>a &amp; b</Description><OutputKey>ReconcileFunction</OutputKey><OutputValue>shop-Reconcile-1</OutputValue></member>\
    </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";

impl Cloud {
    /// Answers CloudFormation with a stack, and Lambda with this: status, header, body.
    fn answering(stack: (u16, &'static str), lambda: (u16, &'static str, &'static str)) -> Self {
        Self::answering_by(move |head| {
            if head.contains("/functions/") {
                lambda
            } else {
                (stack.0, "", stack.1)
            }
        })
    }

    fn answering_by(by: impl Fn(&str) -> (u16, &'static str, &'static str) + Send + 'static) -> Self {
        Self::of(move |_, head| {
            let (status, header, text) = by(head);
            (status, header, text.to_owned())
        })
    }

    /// Answers by its own address and the head of what is asked.
    pub(crate) fn of(by: impl Fn(&str, &str) -> (u16, &'static str, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Asked::default();
        let kept = Arc::clone(&asked);
        let own = address.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (head, body) = read(&mut stream);
                let (status, header, text) = by(&own, &head);
                kept.lock().unwrap().push((head, body));
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{header}connection: close\r\n\r\n{text}",
                    text.len()
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, asked }
    }

    /// Answers CloudFormation with these outputs, and everything else with this.
    fn logging(outputs: &'static str, lines: &'static str) -> Self {
        Self::answering_by(move |head| {
            if head.contains("x-amz-target") {
                (200, "", lines)
            } else {
                (200, "", outputs)
            }
        })
    }

    pub(crate) fn types(&self, words: &[&str], more: &[(&str, &str)]) -> Ran {
        let (mut input, mut out, mut err) = (Cursor::new(Vec::new()), Vec::new(), Vec::new());
        let mut pairs = vec![("AWS_ENDPOINT_URL", self.address.as_str()), ("AWS_REGION", "eu-west-1")];
        pairs.extend(more);
        let session = Session {
            env: Env::from_pairs(pairs),
            terminal: Terminal::default(),
            input: &mut input,
            out: &mut out,
            err: &mut err,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let arguments = ["reseller"].iter().chain(words).map(std::ffi::OsString::from);
        let exit = runtime.block_on(reseller::run(session, arguments.collect::<Vec<_>>()));
        Ran {
            exit,
            out: String::from_utf8(out).unwrap(),
            err: String::from_utf8(err).unwrap(),
        }
    }
}

fn read(stream: &mut TcpStream) -> (String, String) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert_ne!(read, 0, "the request ended in its head");
            continue;
        };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return (head, body.to_owned());
        }
    }
}

#[test]
fn a_question_goes_to_inspect_and_a_verb_to_reconcile_each_signed() {
    let cloud = Cloud::answering(
        (200, STACK),
        (200, "", r#"{ "schema": 1, "orders": [], "more": false }"#),
    );
    let ran = with_credentials(&cloud, &["attention"]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Done, "nothing needs a person\n"));
    let ran = with_credentials(
        &cloud,
        &[
            "order",
            "close",
            "shopify/5324830114101",
            "0123456789",
            "--reason",
            "it",
        ],
    );
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let asked = cloud.asked.lock().unwrap();
    let [(stack, form), (inspect, question), _, (reconcile, verb)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert!(
        form.ends_with("Action=DescribeStacks&Version=2010-05-15&StackName=shop"),
        "{form}"
    );
    assert!(
        inspect.starts_with("post /2015-03-31/functions/shop-inspect-1/invocations "),
        "{inspect}"
    );
    assert_eq!(question, r#"{"attention":{}}"#);
    assert!(
        reconcile.starts_with("post /2015-03-31/functions/shop-reconcile-1/invocations "),
        "{reconcile}"
    );
    assert!(
        verb.contains(r#""by":"jane""#) && verb.contains(r#""reason":"it""#),
        "{verb}"
    );
    for (head, service) in [(stack, "cloudformation"), (inspect, "lambda"), (reconcile, "lambda")] {
        assert!(
            head.contains("authorization: aws4-hmac-sha256 credential=akid/"),
            "{head}"
        );
        assert!(head.contains(&format!("/eu-west-1/{service}/aws4_request")), "{head}");
        assert!(head.contains("x-amz-security-token: session"), "{head}");
        assert!(!head.contains("hidden"), "{head}");
    }
}

pub(crate) fn with_credentials(cloud: &Cloud, words: &[&str]) -> Ran {
    let all = [&["--stack", "shop"], words].concat();
    cloud.types(
        &all,
        &[
            ("USER", "jane"),
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "hidden"),
            ("AWS_SESSION_TOKEN", "session"),
        ],
    )
}

#[test]
fn what_aws_refuses_says_what_to_type_next() {
    let gone = "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id shop does not exist</Message></Error></ErrorResponse>";
    let ran = with_credentials(&Cloud::answering((400, gone), (200, "", "{}")), &["status"]);
    assert_eq!(ran.exit, Exit::NotFound);
    assert!(
        ran.err.contains("does not exist") && ran.err.contains("--stack"),
        "{}",
        ran.err
    );

    let expired = "<ErrorResponse><Error><Message>The security token included in the request is expired</Message></Error></ErrorResponse>";
    let ran = with_credentials(&Cloud::answering((403, expired), (200, "", "{}")), &["status"]);
    assert_eq!(ran.exit, Exit::Credentials);
    assert!(ran.err.contains("sign in again"), "{}", ran.err);

    let denied = r#"{"Message":"User: x is not authorized to perform: lambda:InvokeFunction"}"#;
    let ran = with_credentials(&Cloud::answering((200, STACK), (403, "", denied)), &["status"]);
    assert_eq!(ran.exit, Exit::Credentials);

    let failed = r#"{"errorType":"ledger","errorMessage":"the ledger did not list due: throttled"}"#;
    let header = "x-amz-function-error: Unhandled\r\n";
    let ran = with_credentials(&Cloud::answering((200, STACK), (200, header, failed)), &["status"]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("throttled"), "{}", ran.err);

    let ran = with_credentials(&Cloud::answering((200, "<a/>"), (200, "", "{}")), &["status"]);
    assert!(
        ran.err.contains("no output InspectFunction") && ran.err.contains("deploy it again"),
        "{}",
        ran.err
    );
}

#[test]
fn an_answer_of_a_kind_ends_the_session_with_its_number() {
    for (kind, exit) in [
        ("not_found", Exit::NotFound),
        ("not_understood", Exit::Usage),
        ("stopped", Exit::Stopped),
        ("busy", Exit::Waiting),
        ("changed", Exit::Failed),
    ] {
        let body: &'static str = Box::leak(format!(r#"{{"error":"it","kind":"{kind}"}}"#).into_boxed_str());
        let ran = with_credentials(
            &Cloud::answering((200, STACK), (200, "", body)),
            &["order", "show", "shopify/1"],
        );
        assert_eq!(ran.exit, exit, "{kind}");
        assert!(ran.err.starts_with("error: it"), "{}", ran.err);
    }
}

#[test]
fn the_lines_of_all_functions_are_shown_by_time() {
    const LOGS: &str =
        "<Outputs><member><OutputKey>LogGroups</OutputKey><OutputValue>one,two</OutputValue></member></Outputs>";
    const LINES: &str = r#"{ "events": [
        { "timestamp": 1700000002000, "message": "{\"function\":\"order-paid\",\"level\":\"WARN\",\"message\":\"later\",\"order\":\"shopify/1\"}" },
        { "timestamp": 1700000001000, "message": "{\"function\":\"webhook\",\"level\":\"INFO\",\"message\":\"earlier\"}" },
        { "timestamp": 1700000003000, "message": "START RequestId: 1" }
    ] }"#;
    let cloud = Cloud::logging(LOGS, LINES);
    let ran = with_credentials(&cloud, &["logs", "--order", "shopify/1"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let places: Vec<_> = ["earlier", "later  order=shopify/1"]
        .map(|part| ran.out.find(part).unwrap())
        .into();
    assert!(places.is_sorted(), "{}", ran.out);
    assert!(!ran.out.contains("START"), "{}", ran.out);
    let asked = cloud.asked.lock().unwrap();
    let (head, question) = asked.last().unwrap();
    assert!(head.contains("x-amz-target: logs_20140328.filterlogevents"), "{head}");
    assert!(question.contains("two") && question.contains("shopify/1"), "{question}");
    drop(asked);
    // What was refused, parked or left out: CloudWatch's filter has each condition in parentheses.
    let ran = with_credentials(&cloud, &["logs", "--not-stored"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let asked = cloud.asked.lock().unwrap();
    let question: serde_json::Value = serde_json::from_str(&asked.last().unwrap().1).unwrap();
    assert_eq!(
        question["filterPattern"],
        r#"{ ($.message = "delivery answered") && ($.disposition != "stored") }"#
    );
}

/// Who reads of an error after a purchase buys it once more by hand.
#[test]
fn a_verb_that_was_carried_out_is_no_error_when_the_look_after_it_fails() {
    let cloud = Cloud::answering_by(|head| {
        if head.contains("shop-reconcile-1") {
            let done =
                r#"{ "order": "shopify/5324830114101", "progress": "settled", "attention": 0, "packages_created": 1 }"#;
            (200, "", done)
        } else if head.contains("/functions/") {
            (500, "", "{}")
        } else {
            (200, "", STACK)
        }
    });
    let ran = with_credentials(&cloud, &["order", "retry", "shopify/5324830114101", "--yes"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert!(ran.out.contains("1 package created"), "{}", ran.out);
    assert!(ran.err.contains("how it stands now was not answered"), "{}", ran.err);
}

#[test]
fn without_a_region_nothing_is_called() {
    let cloud = Cloud::answering((200, STACK), (200, "", "{}"));
    let ran = cloud.types(&["status", "--profile", "no such profile"], &[("AWS_REGION", "")]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("--region"), "{}", ran.err);
    assert!(cloud.asked.lock().unwrap().is_empty());
}
