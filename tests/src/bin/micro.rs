//! `micro PART TIMES` does a part of an ordinary order's way so many times; `micro` lists the parts. `cargo xtask bench --micro`
//! counts its instructions.

use std::process::ExitCode;

use reseller_hooks_tests::micro;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(part) = arguments.next() else {
        for (part, what) in micro::PARTS {
            println!("{part}\t{what}");
        }
        return ExitCode::SUCCESS;
    };
    let times = arguments.next().and_then(|times| times.parse().ok());
    match times.and_then(|times| micro::run(&part, times)) {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}
