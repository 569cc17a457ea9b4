//! The HTTP client of all AWS calls: rustls on ring, and of Mozilla's roots only those of Amazon, so that the system's
//! store is never parsed.

use std::time::Duration;

use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::AwsError;

/// A connection that idled longer is not used again: a sandbox that was frozen thaws with dead ones.
const IDLE: Duration = Duration::from_secs(60);

pub(super) fn http_client() -> Result<SharedHttpClient, AwsError> {
    let client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context()?)
        .pool_idle_timeout(IDLE)
        .build_https();
    Ok(SharedHttpClient::new(OnDemand(client)))
}

fn context() -> Result<TlsContext, AwsError> {
    let mut trust_store = TrustStore::empty();
    let mut found = false;
    for pem in amazon_roots() {
        trust_store.add_pem_certificate(pem);
        found = true;
    }
    if !found {
        return Err(AwsError(
            "no root certificate of Amazon was found in the crate webpki-root-certs: build with another version of it"
                .to_owned(),
        ));
    }
    TlsContext::builder()
        .with_trust_store(trust_store)
        .build()
        .map_err(|error| AwsError(format!("TLS cannot be set up: {error}")))
}

/// The HTTP client without the check that each of the SDK's clients makes of it when it is built: that check sets TLS
/// up and throws it away, for every client once. Here it is set up once, for the first call.
#[derive(Debug)]
struct OnDemand(SharedHttpClient);

impl HttpClient for OnDemand {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// Whose certificates AWS's endpoints have: Amazon's four roots, and the older one that signs them across.
const AMAZON_NAMES: [&[u8]; 2] = [b"Amazon Root CA ", b"Starfield Services Root Certificate Authority"];

/// Of Mozilla's roots those of Amazon, as PEM, which is what the SDK takes.
fn amazon_roots() -> impl Iterator<Item = String> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter(|der| is_amazon(der))
        .map(|der| {
            let body = STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        })
}

/// Whether a self-signed certificate is Amazon's. Its issuer, which is also its subject, stands within the first few
/// hundred bytes, behind the serial number and the algorithm; looking no further keeps the search short.
fn is_amazon(der: &[u8]) -> bool {
    const HEAD: usize = 300;
    let head = der.get(..HEAD).unwrap_or(der);
    AMAZON_NAMES.iter().any(|name| {
        // The first byte is compared alone, which saves a call for nearly every place of the 45,000.
        let begins = |window: &&[u8]| window.first() == name.first();
        head.windows(name.len()).filter(begins).any(|window| window == *name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_five_roots_are_found_and_no_other() {
        let found: Vec<&[u8]> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|der| der.as_ref())
            .filter(|der| is_amazon(der))
            .collect();
        assert_eq!(found.len(), 5);
        let of = |name: &[u8]| {
            found
                .iter()
                .filter(|der| der.windows(name.len()).any(|window| window == name))
                .count()
        };
        for name in [
            "Amazon Root CA 1",
            "Amazon Root CA 2",
            "Amazon Root CA 3",
            "Amazon Root CA 4",
        ] {
            assert_eq!(of(name.as_bytes()), 1, "{name}");
        }
        assert_eq!(of(b"Starfield Services Root Certificate Authority - G2"), 1);
    }

    #[test]
    fn tls_can_be_set_up_with_them() {
        // Panics in the SDK where a root cannot be read: with any mistake in the PEM, at the first call of a function.
        let connector = aws_smithy_http_client::Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context().unwrap())
            .build();
        assert!(format!("{connector:?}").contains("Connector"));
    }

    #[test]
    fn the_head_that_is_searched_holds_every_name_that_the_whole_certificate_has() {
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let anywhere = AMAZON_NAMES
                .iter()
                .any(|name| der.windows(name.len()).any(|window| window == *name));
            assert_eq!(is_amazon(der), anywhere);
        }
    }
}
