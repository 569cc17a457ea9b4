//! Why a text in the secret document cannot be used as a key.

use super::rsa::InvalidRsaKey;

/// A key that cannot be used. It does not repeat the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Anybody can sign with an empty secret.
    #[error("is empty: put the secret that the storefront shows")]
    Empty,
    /// Another credential of the storefront, which signs no deliveries.
    #[error("is {is}, which signs no deliveries: put {wanted}")]
    OtherCredential {
        /// What it is.
        is: &'static str,
        /// What to put instead, and where it is shown.
        wanted: &'static str,
    },
    /// Standard Webhooks' secrets are base64.
    #[error("is not base64 (after `whsec_`, where it begins so): copy the whole secret, such as whsec_bm9ydGg=")]
    NotBase64,
    /// A signature of the other kind of Standard Webhooks, which is not checked here.
    #[error(
        "is half of an ed25519 key pair, which is not supported: choose a symmetric secret at the sender, which begins with `whsec_`"
    )]
    KeyPair,
    /// Not an RSA public key.
    #[error(transparent)]
    Rsa(#[from] InvalidRsaKey),
}
