//! Values as Slurm prints them in its tables.

use super::DateTime;
use crate::resources::parse_clock;

/// What Slurm prints where there is no value.
pub(super) fn is_absent(text: &str) -> bool {
    let words = ["", "N/A", "None", "Unknown", "(null)", "None assigned", "NOT_SET", "INVALID"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A point of time in the cluster's own zone, `2026-01-31T12:00:00`.
pub(super) fn optional_time(text: &str) -> Result<Option<DateTime>, ()> {
    if is_absent(text) {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| ())
}

/// A length of time in seconds, as `M:S`, `H:M:S` or `D-H:M:S`.
pub(super) fn optional_clock(text: &str) -> Result<Option<u64>, ()> {
    if is_absent(text) {
        return Ok(None);
    }
    parse_clock(text).map(Some).ok_or(())
}

/// An amount of memory in bytes as sacct prints it: `1234K`, `12.5M`, `2G`, or a bare number of
/// bytes; kilo is 1024.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (digits, scale) = match text.chars().last()? {
        'K' => (&text[..text.len() - 1], 1_u64 << 10),
        'M' => (&text[..text.len() - 1], 1 << 20),
        'G' => (&text[..text.len() - 1], 1 << 30),
        'T' => (&text[..text.len() - 1], 1 << 40),
        _ => (text, 1),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let amount: f64 = digits.parse().ok()?;
    Some((amount * scale as f64).round() as u64)
}

/// A whole number that Slurm may end with `+` where nodes differ: the smallest of them.
pub(super) fn at_least(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches('+');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_bytes() {
        assert_eq!(bytes("2048K"), Some(2 << 20));
        assert_eq!(bytes("1.5M"), Some(1_572_864));
        assert_eq!(bytes("0"), Some(0));
        assert_eq!(bytes("123"), Some(123));
        for wrong in ["", "K", "-1K", "1.2.3M", "16?", "1e3", "inf"] {
            assert_eq!(bytes(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn absent_is_not_wrong() {
        assert_eq!(optional_time("Unknown"), Ok(None));
        assert_eq!(optional_clock("INVALID"), Ok(None));
        assert!(optional_time("yesterday").is_err());
        assert_eq!(optional_clock("0:00"), Ok(Some(0)));
        assert_eq!(at_least("64000+"), Some(64_000));
        assert_eq!(at_least("+"), None);
    }
}
