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
    #[cfg(feature = "bench-root")]
    trust_store.add_pem_certificate(pem(crate::BENCH_ROOT));
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
        .map(|der| pem(der))
}

fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

/// Whether a self-signed certificate is Amazon's: whether its issuer, which is also its subject, has a part that begins with
/// one of the names. Only the few lengths before it are read: to search 140 certificates was a tenth of a function's start.
fn is_amazon(der: &[u8]) -> bool {
    let Some(mut parts) = issuer(der) else { return false };
    while let Some((set, rest)) = value(parts) {
        parts = rest;
        // A set of one pair: what it is, and the name.
        let name = value(set)
            .and_then(|(pair, _)| value(pair))
            .and_then(|(_, after)| value(after));
        if name.is_some_and(|(name, _)| AMAZON_NAMES.iter().any(|amazon| name.starts_with(amazon))) {
            return true;
        }
    }
    false
}

/// The parts of a certificate's issuer. Before it stand the version, the serial number and the algorithm.
fn issuer(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = value(der)?;
    let (signed, _) = value(certificate)?;
    let (_version, rest) = value(signed)?;
    let (_serial, rest) = value(rest)?;
    let (_algorithm, rest) = value(rest)?;
    value(rest).map(|(issuer, _)| issuer)
}

/// The first value of DER, and what comes after it; of lengths up to 64 KB, which is more than any certificate has.
fn value(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [_, 0x81, length, rest @ ..] => (usize::from(*length), rest),
        [_, 0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [_, length @ ..=0x7f, rest @ ..] => (usize::from(*length), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
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
    fn the_issuer_has_every_name_that_the_whole_certificate_has() {
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let anywhere = AMAZON_NAMES
                .iter()
                .any(|name| der.windows(name.len()).any(|window| window == *name));
            assert_eq!(is_amazon(der), anywhere);
            assert!(issuer(der).is_some_and(|issuer| issuer.len() > 20));
        }
    }

    #[test]
    fn what_is_cut_anywhere_is_nobodys_certificate() {
        let amazons = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .find(|der| is_amazon(der));
        let der = amazons.unwrap();
        for length in 0..der.len() {
            assert!(!is_amazon(&der[..length]), "{length} bytes");
        }
        assert!(!is_amazon(&[0xff; 400]));
    }
}
