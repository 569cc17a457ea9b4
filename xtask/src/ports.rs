//! Free ports on the loopback interface, for programs that want to be told a number.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// The ports that are given here: below those that systems give to who asks for any, so that nobody gets one by chance
/// between now and its use.
const GIVEN: std::ops::Range<u16> = 10_000..30_000;

/// How many were given so far.
static TURN: AtomicU16 = AtomicU16::new(0);

/// A port that nobody has, and that was given to nobody else in this program.
pub(crate) fn free() -> Result<u16, Failure> {
    // Two programs at a time begin at different ones.
    let first = std::process::id().wrapping_mul(97);
    for _ in GIVEN {
        let turn = u32::from(TURN.fetch_add(1, Ordering::Relaxed));
        let count = u32::from(GIVEN.end - GIVEN.start);
        let port = u32::from(GIVEN.start) + first.wrapping_add(turn) % count;
        let port = u16::try_from(port).unwrap_or(GIVEN.start);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Failure::new(format!(
        "no port of 127.0.0.1 is free between {} and {}",
        GIVEN.start, GIVEN.end
    )))
}

/// The wanted port, if nobody has it.
pub(crate) fn wanted(port: u16) -> Result<u16, Failure> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(port),
        Err(error) => Err(Failure::new(format!(
            "port {port} cannot be used ({error}): give another one with --port, or leave --port out and a free one is taken"
        ))),
    }
}

/// Waits until somebody listens on a port of 127.0.0.1; `false` when the time is over.
pub(crate) async fn listening(port: u16, at_most: Duration) -> bool {
    let deadline = Instant::now() + at_most;
    while Instant::now() < deadline {
        if tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
        {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_with_the_remedy() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = wanted(port).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }

    #[test]
    fn a_free_port_can_be_taken_and_is_given_once() {
        let (one, two) = (free().unwrap(), free().unwrap());
        assert_ne!(
            one, two,
            "stages that start at the same time must not be given the same one"
        );
        for port in [one, two] {
            assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
        }
    }
}
