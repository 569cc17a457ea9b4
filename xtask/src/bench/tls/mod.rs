//! TLS before a service that speaks plain HTTP: what the functions meet where they are deployed. The certificate is for
//! 127.0.0.1 alone, its root's key was thrown away, and only a build with the feature `bench-root` trusts it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::failure::{Context, Failure};

const CERTIFICATE: &[u8] = include_bytes!("certificate.der");
const KEY: &[u8] = include_bytes!("key.der");

/// Takes TLS off and passes the bytes on, as long as this value lives.
pub(super) struct Tls {
    task: tokio::task::JoinHandle<()>,
    opened: Arc<AtomicU64>,
    port: u16,
}

impl Tls {
    /// On any free port, before what listens on `plain` (an address without a scheme).
    pub(super) async fn before(plain: String) -> Result<Self, Failure> {
        let acceptor = TlsAcceptor::from(Arc::new(config()?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .could_not("find a free port on 127.0.0.1")?;
        let port = listener.local_addr().could_not("read the port just taken")?.port();
        let opened = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&opened);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(connection(stream, acceptor.clone(), plain.clone()));
            }
        });
        Ok(Self { task, opened, port })
    }

    pub(super) fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// How many connections were opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn config() -> Result<ServerConfig, Failure> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .could_not("set TLS up")?
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .could_not("take the certificate of the measurement")
}

/// A connection to its end. A function that is killed breaks it off, which is no failure here.
async fn connection(stream: TcpStream, acceptor: TlsAcceptor, plain: String) {
    drop(stream.set_nodelay(true));
    let (Ok(mut encrypted), Ok(mut to)) = (acceptor.accept(stream).await, TcpStream::connect(plain).await) else {
        return;
    };
    drop(to.set_nodelay(true));
    drop(tokio::io::copy_bidirectional(&mut encrypted, &mut to).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_fits_the_certificate() {
        assert!(config().is_ok());
    }
}
