//! Amounts of money as shops write them: decimal text, compared exactly.

use std::fmt;

use super::json::Text;

/// Millionths of the currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Micros(pub(super) i64);

impl Micros {
    /// `80.00`, `-80` or `.5`; what is finer than a millionth is cut. `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !digits_only(whole) || !digits_only(fraction) {
            return None;
        }
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let micros = whole.checked_mul(1_000_000)?.checked_add(fraction.parse().ok()?)?;
        Some(Self(micros * sign))
    }

    pub(super) fn of(text: &Text) -> Option<Self> {
        Self::parse(text.as_deref()?)
    }

    /// The sum of all, none where one of them is no amount.
    pub(super) fn sum<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Option<Self> {
        let add = |sum: Self, text: &'a Text| Some(Self(sum.0.checked_add(Self::of(text)?.0)?));
        texts.into_iter().try_fold(Self::default(), add)
    }
}

/// With two places at least, as shops write it: `80.00`.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let fraction = format!("{fraction:06}");
        let places = fraction.trim_end_matches('0').len().max(2);
        write!(f, "{sign}{whole}.{}", fraction.get(..places).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, micros) in [
            ("80.00", Some(80_000_000)),
            ("-80", Some(-80_000_000)),
            (".5", Some(500_000)),
            ("0.1234567", Some(123_456)),
            ("1e3", None),
            ("", None),
            (".", None),
            ("80,00", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(Micros::parse(text).map(|amount| amount.0), micros, "{text}");
        }
    }

    #[test]
    fn amounts_are_written_as_shops_write_them() {
        for (micros, text) in [
            (80_000_000, "80.00"),
            (-500_000, "-0.50"),
            (1, "0.000001"),
            (123_456_700, "123.4567"),
        ] {
            assert_eq!(Micros(micros).to_string(), text);
        }
    }
}
