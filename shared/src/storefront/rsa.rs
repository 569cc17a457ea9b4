//! RSA public keys as they are pasted into a secret, and RS256. The few bytes of DER around a key are read here, which
//! saves a dependency; checking signatures is `ring`'s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

/// An RSA public key of 2,048 to 8,192 bits: the DER of PKCS #1's `RSAPublicKey`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RsaPublicKey(Vec<u8>);

/// What is no such key, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRsaKey {
    /// Neither PEM nor base64.
    #[error("is neither PEM nor base64: copy the public key with its BEGIN and END lines")]
    NotPem,
    /// PEM of something else.
    #[error("is a PEM block of {label:?}: the public key is wanted (BEGIN PUBLIC KEY)")]
    OtherPem {
        /// What it says it is.
        label: String,
    },
    /// The bytes are no RSA public key.
    #[error("is not an RSA public key, or not whole: copy it again")]
    NotRsa,
    /// Too small or too large to be safe or fast.
    #[error("is an RSA key of {bits} bits: 2048 to 8192 are taken")]
    Size {
        /// What it has.
        bits: usize,
    },
}

impl RsaPublicKey {
    /// Reads `BEGIN PUBLIC KEY` (SPKI) and `BEGIN RSA PUBLIC KEY` (PKCS #1), also with `\n` written out, also the whole
    /// PEM or the bare DER as one line of base64.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidRsaKey> {
        let text = text.replace("\\n", "\n");
        if let Some(der) = pem(&text)? {
            return Self::from_der(&der);
        }
        let bytes = base64(&text).ok_or(InvalidRsaKey::NotPem)?;
        match std::str::from_utf8(&bytes).ok().map(pem) {
            Some(Ok(Some(der))) => Self::from_der(&der),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) | None => Self::from_der(&bytes),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, InvalidRsaKey> {
        let key = match spki(der) {
            Some(key) => key,
            None => der,
        };
        let bits = modulus_bits(key).ok_or(InvalidRsaKey::NotRsa)?;
        if !(2_048..=8_192).contains(&bits) {
            return Err(InvalidRsaKey::Size { bits });
        }
        Ok(Self(key.to_vec()))
    }

    /// Whether `signature` is RS256 (RSASSA-PKCS1-v1_5 with SHA-256) of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

/// The content of the first PEM block, which must be a public key; `None` where there is no block.
fn pem(text: &str) -> Result<Option<Vec<u8>>, InvalidRsaKey> {
    let Some((label, content)) = pem_block(text) else {
        return Ok(None);
    };
    if !matches!(label, "PUBLIC KEY" | "RSA PUBLIC KEY") {
        return Err(InvalidRsaKey::OtherPem {
            label: label.chars().take(40).collect(),
        });
    }
    content.map(Some).ok_or(InvalidRsaKey::NotPem)
}

/// The label and the content (`None` where it is broken) of the first PEM block; text around it is allowed.
pub(super) fn pem_block(text: &str) -> Option<(&str, Option<Vec<u8>>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----").unwrap_or((rest, ""));
    let content = rest.split_once("-----END ").and_then(|(content, _)| base64(content));
    Some((label, content))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let line: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(line).ok().filter(|bytes| !bytes.is_empty())
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;
/// 1.2.840.113549.1.1.1, rsaEncryption.
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// Takes one DER element with this tag off the front: its content, and what follows.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        // The long form: the low bits say how many bytes of length follow. Keys need two at most.
        let count = usize::from(first & 0x7f);
        if !(1..=2).contains(&count) {
            return None;
        }
        let (length, rest) = rest.split_at_checked(count)?;
        let length = length.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte));
        (length, rest)
    };
    rest.split_at_checked(length)
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo`.
fn spki(der: &[u8]) -> Option<&[u8]> {
    let (content, rest) = element(der, SEQUENCE)?;
    let (algorithm, content) = element(content, SEQUENCE)?;
    let (oid, _parameters) = element(algorithm, OID)?;
    let (bits, end) = element(content, BIT_STRING)?;
    let (&unused, key) = bits.split_first()?;
    (rest.is_empty() && end.is_empty() && oid == RSA_ENCRYPTION && unused == 0).then_some(key)
}

/// The size of the modulus of an `RSAPublicKey`; `None` for anything else.
fn modulus_bits(der: &[u8]) -> Option<usize> {
    let (content, rest) = element(der, SEQUENCE)?;
    let (modulus, content) = element(content, INTEGER)?;
    let (exponent, end) = element(content, INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let first = modulus.first()?;
    let whole = rest.is_empty() && end.is_empty() && !exponent.is_empty();
    whole.then(|| modulus.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = include_str!("../../../events/wix/test-public-key.pem");

    #[test]
    fn a_key_is_read_as_pem_as_one_line_of_pem_and_as_one_line_of_base64() {
        let key = RsaPublicKey::parse(PEM).unwrap();
        assert_eq!(RsaPublicKey::parse(&PEM.replace('\n', "\\n")).unwrap(), key);
        assert_eq!(RsaPublicKey::parse(&STANDARD.encode(PEM)).unwrap(), key);
        let (_, content) = PEM.split_once("-----BEGIN PUBLIC KEY-----").unwrap();
        let content = content.replace("-----END PUBLIC KEY-----", "").replace('\n', "");
        assert_eq!(RsaPublicKey::parse(&content).unwrap(), key);
        let pkcs1 = format!(
            "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
            STANDARD.encode(&key.0)
        );
        assert_eq!(RsaPublicKey::parse(&pkcs1).unwrap(), key);
    }

    #[test]
    fn what_is_no_public_key_is_named() {
        let certificate = PEM.replace("PUBLIC KEY", "CERTIFICATE");
        assert_eq!(
            RsaPublicKey::parse(&certificate).unwrap_err().to_string(),
            "is a PEM block of \"CERTIFICATE\": the public key is wanted (BEGIN PUBLIC KEY)"
        );
        assert_eq!(RsaPublicKey::parse("a secret").unwrap_err(), InvalidRsaKey::NotPem);
        assert_eq!(RsaPublicKey::parse("AAAA").unwrap_err(), InvalidRsaKey::NotRsa);
        // A modulus of 16 bits.
        let tiny = STANDARD.encode([0x30, 0x07, 0x02, 0x02, 0x7f, 0x01, 0x02, 0x01, 0x03]);
        assert_eq!(
            RsaPublicKey::parse(&tiny).unwrap_err(),
            InvalidRsaKey::Size { bits: 15 }
        );
    }

    #[test]
    fn a_key_cut_anywhere_is_refused() {
        let der = pem(PEM).unwrap().unwrap();
        for length in 0..der.len() {
            assert!(RsaPublicKey::from_der(&der[..length]).is_err(), "{length}");
        }
    }
}
