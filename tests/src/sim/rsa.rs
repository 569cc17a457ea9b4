//! RSA keys that sign fast, for a shop of Wix. A modulus of 2,048 bits that is the product of thirty-two primes of 64 bits is
//! a modulus like any other to who verifies, so that the code under test checks signatures as it always does; who knows the
//! primes signs in some microseconds. Such a key keeps no secret from anybody, and needs not here.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

/// Words of 64 bits in a modulus, and primes that make it.
const WORDS: usize = 32;
/// The public exponent.
const EXPONENT: u64 = 65_537;
/// What PKCS #1 puts before a SHA-256.
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];

/// A number of 2,048 bits, its lowest word first.
type Number = [u64; WORDS];

/// One of the primes, and what the signature needs of it.
struct Part {
    prime: Prime,
    /// The private exponent, of this prime.
    exponent: u64,
    /// The product of all other primes.
    others: Number,
    /// Its inverse.
    inverse: u64,
}

/// A key pair.
pub(super) struct SigningKey {
    parts: Vec<Part>,
    modulus: Number,
}

/// The keys of the shop, one after the other, and last that of a forger.
pub(super) static KEYS: LazyLock<[SigningKey; 4]> = LazyLock::new(|| {
    let mut primes = Prime::all();
    [(); 4].map(|()| SigningKey::of(&primes.by_ref().take(WORDS).collect::<Vec<_>>()))
});

impl SigningKey {
    fn of(primes: &[Prime]) -> Self {
        let product = |without: Option<Prime>| {
            let factors = primes.iter().filter(|prime| Some(**prime) != without);
            factors.fold(one(), |product, prime| times(&product, prime.value()))
        };
        let part = |prime: &Prime| {
            let others = product(Some(*prime));
            Part {
                prime: *prime,
                exponent: inverse_of_exponent(prime.value() - 1),
                inverse: prime.power(prime.rest(&others), prime.value() - 2),
                others,
            }
        };
        Self {
            parts: primes.iter().map(part).collect(),
            modulus: product(None),
        }
    }

    /// The public half, as it stands in a secret document: the DER of PKCS #1's `RSAPublicKey` as a line of base64.
    pub(super) fn public(&self) -> String {
        let mut der = vec![0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
        der.extend(bytes(&self.modulus));
        der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        STANDARD.encode(der)
    }

    /// RS256 of a message, as a token has it.
    pub(super) fn sign(&self, message: &[u8]) -> String {
        let mut padded = [0xff; WORDS * 8];
        padded[0] = 0;
        padded[1] = 1;
        let end = padded.len() - 32;
        padded[end..].copy_from_slice(digest(&SHA256, message).as_ref());
        let start = end - DIGEST_INFO.len();
        padded[start..end].copy_from_slice(&DIGEST_INFO);
        padded[start - 1] = 0;
        let mut number: Number = [0; WORDS];
        for (word, bytes) in number.iter_mut().rev().zip(padded.chunks_exact(8)) {
            *word = u64::from_be_bytes(bytes.try_into().unwrap_or_default());
        }
        URL_SAFE_NO_PAD.encode(bytes(&self.root(&number)))
    }

    /// The number whose power it is: found for each prime, and put together.
    fn root(&self, number: &Number) -> Number {
        let mut sum = [0_u64; WORDS + 1];
        for part in &self.parts {
            let root = part.prime.power(part.prime.rest(number), part.exponent);
            let share = part.prime.reduce(u128::from(root) * u128::from(part.inverse));
            let mut carry = 0_u128;
            for (word, of_others) in sum.iter_mut().zip(part.others.iter().chain([&0])) {
                let total = u128::from(*word) + u128::from(*of_others) * u128::from(share) + carry;
                *word = low(total);
                carry = total >> 64;
            }
        }
        while let Some(less) = self.subtracted(&sum) {
            sum = less;
        }
        let mut root = [0; WORDS];
        root.copy_from_slice(&sum[..WORDS]);
        root
    }

    fn subtracted(&self, from: &[u64; WORDS + 1]) -> Option<[u64; WORDS + 1]> {
        let mut left = *from;
        let mut borrows = false;
        for (word, of_modulus) in left.iter_mut().zip(self.modulus.iter().chain([&0])) {
            let (less, one) = word.overflowing_sub(*of_modulus);
            let (less, two) = less.overflowing_sub(u64::from(borrows));
            *word = less;
            borrows = one || two;
        }
        (!borrows).then_some(left)
    }
}

/// A prime a little below 2^64, by how much it is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prime(u64);

impl Prime {
    /// All of them that fit the public exponent, the greatest first.
    fn all() -> impl Iterator<Item = Self> {
        let odd = (1..).step_by(2).map(Self);
        odd.filter(|number| number.is_prime() && !(number.value() - 1).is_multiple_of(EXPONENT))
    }

    const fn value(self) -> u64 {
        0_u64.wrapping_sub(self.0)
    }

    /// Miller and Rabin's test, which is exact below 2^64 with these bases.
    fn is_prime(self) -> bool {
        let even = self.value() - 1;
        let twos = even.trailing_zeros();
        [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].into_iter().all(|base| {
            let mut power = self.power(base, even >> twos);
            let mut passes = power == 1 || power == even;
            for _ in 1..twos {
                power = self.reduce(u128::from(power) * u128::from(power));
                passes |= power == even;
            }
            passes
        })
    }

    /// What is left of a number: 2^64 leaves as much as the prime is below it.
    fn reduce(self, number: u128) -> u64 {
        let fold = |number: u128| (number >> 64) * u128::from(self.0) + u128::from(low(number));
        let folded = fold(fold(number));
        let prime = u128::from(self.value());
        low(if folded >= prime { folded - prime } else { folded })
    }

    fn power(self, base: u64, exponent: u64) -> u64 {
        let mut power = 1;
        for bit in (0..64).rev() {
            power = self.reduce(u128::from(power) * u128::from(power));
            if exponent >> bit & 1 == 1 {
                power = self.reduce(u128::from(power) * u128::from(base));
            }
        }
        power
    }

    fn rest(self, number: &Number) -> u64 {
        let words = number.iter().rev();
        words.fold(0, |rest, word| {
            self.reduce((u128::from(rest) << 64) + u128::from(*word))
        })
    }
}

fn low(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0)
}

const fn one() -> Number {
    let mut number = [0; WORDS];
    number[0] = 1;
    number
}

fn times(number: &Number, factor: u64) -> Number {
    let mut product = [0; WORDS];
    let mut carry = 0_u128;
    for (word, of_product) in number.iter().zip(&mut product) {
        let total = u128::from(*word) * u128::from(factor) + carry;
        *of_product = low(total);
        carry = total >> 64;
    }
    product
}

fn bytes(number: &Number) -> Vec<u8> {
    number.iter().rev().flat_map(|word| word.to_be_bytes()).collect()
}

/// The inverse of the public exponent: one more than the multiple of `of` that it then divides, divided by it.
fn inverse_of_exponent(of: u64) -> u64 {
    let wanted = EXPONENT - of % EXPONENT;
    // The exponent is a prime: its inverse of a number is that number's power.
    let inverse = (0..EXPONENT - 2).fold(1, |power, _| power * wanted % EXPONENT);
    low((u128::from(inverse) * u128::from(of) + 1) / u128::from(EXPONENT))
}
