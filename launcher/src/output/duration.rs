/// A length of time in two units at most: `8.2s`, `3m05s`, `2h07m`, `4d03h`.
pub fn duration(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{seconds:.1}s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..3_600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3_600..86_400 => format!("{}h{:02}m", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_the_length() {
        for (seconds, text) in [
            (0.04, "0.0s"),
            (8.23, "8.2s"),
            (59.99, "1m00s"),
            (185.0, "3m05s"),
            (7_620.0, "2h07m"),
            (356_400.0, "4d03h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
