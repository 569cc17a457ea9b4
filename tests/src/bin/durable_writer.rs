//! The process that the tests of `durable` kill: `durable_writer orders WRITER FILE`, or `durable_writer messages LIFE
//! MILLISECONDS FILE`.

use std::path::Path;
use std::process::ExitCode;

use reseller_hooks::time::Timestamp;
use reseller_hooks_tests::durable::{move_messages, write_orders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["orders", writer, file] => write_orders(Path::new(file), writer).await,
        ["messages", life, now, file] => {
            let now = Timestamp::from_millis(now.parse().unwrap_or_default());
            move_messages(Path::new(file), life, now).await;
        }
        _ => eprintln!("only the tests of `durable` know what to ask for"),
    }
    ExitCode::FAILURE
}
