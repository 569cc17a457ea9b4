//! Free ports on the loopback interface, for programs that want to be told a number.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure};

/// A port that was free a moment ago. The system hands out others for a while before it comes back to this one.
pub(crate) fn free() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).could_not("find a free port on 127.0.0.1")?;
    Ok(listener.local_addr().could_not("read the port just taken")?.port())
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
    fn a_free_port_can_be_taken() {
        let port = free().unwrap();
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }
}
