//! Where the cells and lines of a block of text end, eight bytes at a time.

const COMMAS: u64 = u64::from_ne_bytes([b','; 8]);
const LINE_ENDS: u64 = u64::from_ne_bytes([b'\n'; 8]);
const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
const RETURNS: u64 = u64::from_ne_bytes([b'\r'; 8]);

/// The highest bit of every byte that is 0, and no other.
fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    !(((word & LOW) + LOW) | word | LOW)
}

/// Puts the places of all commas and line ends into `found`. `false` where a comma or a line end may not be what it seems: where
/// there is a quote, or a `\r` that no `\n` follows, which ends a line too.
pub(super) fn find(block: &[u8], found: &mut Vec<u32>) -> bool {
    found.clear();
    let (words, rest) = block.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let (mut quotes, mut returns) = (0, 0);
    for (start, bytes) in (0_u32..).step_by(8).zip(words.iter().chain([&last])) {
        let word = u64::from_le_bytes(*bytes);
        quotes |= zero_bytes(word ^ QUOTES);
        returns |= zero_bytes(word ^ RETURNS);
        let mut hits = zero_bytes(word ^ COMMAS) | zero_bytes(word ^ LINE_ENDS);
        while hits != 0 {
            found.push(start + hits.trailing_zeros() / 8);
            hits &= hits - 1;
        }
    }
    quotes == 0 && (returns == 0 || ends_of_lines_only(block))
}

fn ends_of_lines_only(block: &[u8]) -> bool {
    block.windows(2).all(|pair| pair[0] != b'\r' || pair[1] == b'\n') && block.last() != Some(&b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_that_one_sees_byte_by_byte() {
        // Every byte, each beside every distance to the next comma.
        let text: Vec<u8> =
            (0..=255_u8).flat_map(|byte| [vec![byte; usize::from(byte % 11)], vec![b',']].concat()).collect();
        let text: Vec<u8> = text.into_iter().filter(|byte| !matches!(byte, b'"' | b'\r')).collect();
        let expected = (0_u32..).zip(&text).filter(|(_, byte)| matches!(byte, b',' | b'\n')).map(|(place, _)| place);
        let mut found = vec![7];
        assert!(find(&text, &mut found));
        assert_eq!(found, expected.collect::<Vec<u32>>());
    }

    #[test]
    fn what_may_mean_something_else_is_told() {
        let plain = |text: &str| find(text.as_bytes(), &mut Vec::new());
        assert!(plain("a,b\r\nc,d\r\n") && plain("") && plain("a,b\n"));
        assert!(!plain("a,b\rc,d\n") && !plain("a,\"b\n") && !plain("long enough,\"b\n") && !plain("a,b\r"));
    }
}
