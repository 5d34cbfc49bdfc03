//! How numbers look in every human form of the report: one place, so that page, Markdown and terminal agree.

/// With more decimals than these a small value is written with a power of ten.
const MOST_DECIMALS: usize = 9;
/// From here on a value is written with a power of ten: beyond it not every whole number is a float.
const LARGE: f64 = 1e15;
/// The levels of significance that are in use: beside them a p value has more decimals.
const LEVELS: [f64; 3] = [0.1, 0.05, 0.01];

/// A value with a fixed number of decimals and a true minus sign; never `-0.00`. Where it takes more than nine of them,
/// a value below 1e-4 has as many digits as those would show, and a power of ten: `3.4e-12`; one from 1e15 on has five
/// digits and one, too.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = match small(value, decimals) {
        Some(text) => text,
        None if value.abs() >= LARGE => format!("{:.4e}", value.abs()),
        None => format!("{:.*}", decimals, value.abs()),
    };
    let is_zero = is_zero(&text);
    if value < 0.0 && !is_zero { format!("\u{2212}{text}") } else { text }
}

/// A small value with a power of ten, where its decimals are too many to be read; `0` where they show nothing of it.
fn small(value: f64, decimals: usize) -> Option<String> {
    let size = value.abs();
    if decimals <= MOST_DECIMALS || size >= 1e-4 {
        return None;
    }
    // The first digit's place after the point: 12 of 3.4e-12.
    let place = if size > 0.0 { (-size.log10().floor()).min(1000.0) as usize } else { usize::MAX };
    match decimals.checked_sub(place) {
        Some(digits) => Some(format!("{size:.digits$e}")),
        None => Some("0".to_owned()),
    }
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// A difference: [`fixed`] with a plus sign where it is positive.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if value > 0.0 && !is_zero(&text) { format!("+{text}") } else { text }
}

/// A p value: four decimals below 0.001, three below 0.1, two above; `<0.0001` and `>0.99` rather than 0 and 1. Beside
/// 0.1, 0.05 and 0.01 so many that the side is seen: `0.0499`.
pub fn p_value(p: f64) -> String {
    match p {
        p if p < 1e-4 => "<0.0001".to_owned(),
        p if p < 9.95e-4 => format!("{p:.4}"),
        p if p < 0.0995 => beside_levels(p, 3),
        p if p > 0.995 && p < 1.0 => ">0.99".to_owned(),
        p => beside_levels(p, 2),
    }
}

/// So many decimals; more where they would be those of a level on whose side p is not seen to be.
fn beside_levels(p: f64, decimals: usize) -> String {
    let text = format!("{p:.decimals$}");
    let shown = |level: &f64| text == format!("{level:.decimals$}") && p.to_bits() != level.to_bits();
    let Some(level) = LEVELS.into_iter().find(shown) else { return text };
    let differs = |told: &String| told.parse().is_ok_and(|told: f64| told.to_bits() != level.to_bits());
    let told = (decimals + 1..=6).map(|decimals| format!("{p:.decimals$}")).find(differs);
    told.unwrap_or_else(|| format!("{}{level}", if p < level { '<' } else { '>' }))
}

/// A share as a percentage without needless decimals: `95 %`.
pub fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{}\u{a0}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A count with thin spaces between thousands: `9 585 664`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len() > 4 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// A duration: `43 s`, `12 min 5 s`, `3 h 20 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) if seconds < 9.95 => format!("{:.1}\u{a0}s", seconds.max(0.0)),
        (0, 0, s) => format!("{s}\u{a0}s"),
        (0, m, s) => format!("{m}\u{a0}min {s}\u{a0}s"),
        (h, m, _) => format!("{h}\u{a0}h {m}\u{a0}min"),
    }
}

/// Decimals that show a quantity of this size to two significant digits; at least 0 and at most 308, which [`fixed`]
/// writes with a power of ten.
pub fn decimals_for(size: f64) -> usize {
    if !size.is_finite() || size <= 0.0 {
        return 3;
    }
    (1.0 - size.log10().floor()).clamp(0.0, 308.0) as usize
}

/// Degrees of freedom: as a whole number where they are one, else with one decimal.
pub fn degrees(df: f64) -> String {
    fixed(df, usize::from((df - df.round()).abs() > 1e-6))
}

/// A moment of RFC 3339 in UTC, to the minute: `2026-11-27 14:58 UTC`. Anything else as it is.
pub fn moment(text: &str) -> String {
    match (text.get(..10), text.get(10..11), text.get(11..16), text.ends_with('Z')) {
        (Some(day), Some("T"), Some(minute), true) => format!("{day} {minute} UTC"),
        _ => text.to_owned(),
    }
}

/// A label within a sentence: words of a capital and small letters lose the capital, all others (`BLiMP`, `F1`) stay.
pub fn lowered(label: &str) -> String {
    let plain = |word: &str| word.chars().skip(1).all(|letter| letter.is_lowercase() || letter == '-');
    let words = label.split(' ').map(|word| if plain(word) { word.to_lowercase() } else { word.to_owned() });
    words.collect::<Vec<_>>().join(" ")
}

/// `1 seed`, `2 seeds`.
pub fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(fixed(-0.0004, 3), "0.000");
        assert_eq!(signed(0.0004, 3), "0.000");
        assert_eq!(signed(-0.0126, 3), "\u{2212}0.013");
        assert_eq!(signed(0.0126, 3), "+0.013");
    }

    #[test]
    fn p_values_never_show_as_zero_or_one() {
        let shown = [1e-9, 0.000_41, 0.0123, 0.0479, 0.2, 0.999, 1.0].map(p_value);
        assert_eq!(shown, ["<0.0001", "0.0004", "0.012", "0.048", "0.20", ">0.99", "1.00"]);
    }

    #[test]
    fn the_side_of_a_level_is_seen() {
        let shown = [0.009_99, 0.0499, 0.05, 0.050_03, 0.049_999_9, 0.050_000_01, 0.0998, 0.104].map(p_value);
        assert_eq!(shown, ["0.00999", "0.0499", "0.050", "0.05003", "<0.05", ">0.05", "0.0998", "0.104"]);
    }

    #[test]
    fn what_is_large_is_not_a_row_of_digits() {
        let shown = [8.971_1e69, -1.012_58e68, 1e15, 999_999_999_999_999.0].map(|value| fixed(value, 0));
        assert_eq!(shown, ["8.9711e69", "\u{2212}1.0126e68", "1.0000e15", "999999999999999"]);
    }

    #[test]
    fn sizes_get_two_significant_digits() {
        assert_eq!([123.0, 1.5, 0.34, 0.012, 0.0].map(decimals_for), [0, 1, 2, 3, 3]);
        // What is small is not shown as 0.
        let decimals = decimals_for(3e-11);
        let shown = [3.4567e-10, -2e-11, 3e-13, 0.0, 0.5].map(|value| fixed(value, decimals));
        assert_eq!(shown, ["3.46e-10", "\u{2212}2.0e-11", "0", "0", "0.500000000000"]);
        assert_eq!((signed(3e-11, decimals), signed(3e-13, decimals)), ("+3.0e-11".to_owned(), "0".to_owned()));
        assert_eq!(fixed(2.5e-300, decimals_for(2.5e-300)), "2.5e-300");
    }

    #[test]
    fn degrees_of_freedom_are_whole_where_they_are() {
        assert_eq!([24.0, 24.000_000_000_1, 24.02, 56.7].map(degrees), ["24", "24", "24.0", "56.7"]);
    }

    #[test]
    fn moments_are_told_to_the_minute() {
        assert_eq!(moment("2026-11-27T14:58:44.771Z"), "2026-11-27 14:58 UTC");
        assert_eq!(moment("yesterday"), "yesterday");
    }

    #[test]
    fn durations_and_counts_read_well() {
        assert_eq!(duration(4.2), "4.2\u{a0}s");
        assert_eq!(duration(725.0), "12\u{a0}min 5\u{a0}s");
        assert_eq!(duration(12_000.0), "3\u{a0}h 20\u{a0}min");
        assert_eq!(count(9_585_664), "9\u{2009}585\u{2009}664");
        assert_eq!(count(1024), "1024");
    }
}
