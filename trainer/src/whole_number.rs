//! Whole numbers on the command line. Options that take them allow negative numbers, so that -1 is answered with the
//! range and not taken for an option.

use std::str::FromStr;

/// A whole number of 0 or more.
///
/// # Errors
/// What would be right, in words.
pub fn from_zero<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| refused(text, 0))
}

/// A whole number of 1 or more.
///
/// # Errors
/// As [`from_zero`].
pub fn from_one<T: FromStr + From<u8> + PartialOrd>(text: &str) -> Result<T, String> {
    let number: Option<T> = text.parse().ok();
    number.filter(|number| *number >= T::from(1)).ok_or_else(|| refused(text, 1))
}

fn refused(text: &str, least: u8) -> String {
    if text.len() > 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return "it is too large".to_owned();
    }
    format!("expected a whole number of {least} or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_said() {
        assert_eq!((from_zero::<u64>("0"), from_one::<usize>("7")), (Ok(0), Ok(7)));
        for text in ["-1", "1.5", "many", ""] {
            assert_eq!(from_zero::<u64>(text).unwrap_err(), "expected a whole number of 0 or more");
        }
        assert_eq!(from_one::<u64>("0").unwrap_err(), "expected a whole number of 1 or more");
        assert_eq!(from_zero::<u64>("18446744073709551616").unwrap_err(), "it is too large");
    }
}
