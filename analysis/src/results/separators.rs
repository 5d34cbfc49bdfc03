//! Where the cells and lines of a block of text end, eight bytes at a time.

const LINE_ENDS: u64 = u64::from_ne_bytes([b'\n'; 8]);
const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
const RETURNS: u64 = u64::from_ne_bytes([b'\r'; 8]);

/// The highest bit of every byte that is 0, and no other.
fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    !(((word & LOW) + LOW) | word | LOW)
}

/// What may stand between the cells of a row.
const CANDIDATES: [u8; 3] = *b",\t;";

/// What stands between the cells of a table with this first line: a comma, unless there are more tabs or semicolons
/// outside quotes.
pub(super) fn of_header(line: &[u8]) -> u8 {
    let mut counts = [0; CANDIDATES.len()];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        for (count, candidate) in counts.iter_mut().zip(CANDIDATES) {
            *count += u32::from(!quoted && *byte == candidate);
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    counts.iter().position(|count| *count == most).map_or(b',', |place| CANDIDATES[place])
}

/// Puts the places of all separators and line ends into `found`. `false` where one of them may not be what it seems:
/// where there is a quote, or a `\r` that no `\n` follows, which ends a line too.
pub(super) fn find(block: &[u8], separator: u8, found: &mut Vec<u32>) -> bool {
    found.clear();
    let separators = u64::from_ne_bytes([separator; 8]);
    let (words, rest) = block.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let (mut quotes, mut returns) = (0, 0);
    for (start, bytes) in (0_u32..).step_by(8).zip(words.iter().chain([&last])) {
        let word = u64::from_le_bytes(*bytes);
        quotes |= zero_bytes(word ^ QUOTES);
        returns |= zero_bytes(word ^ RETURNS);
        let mut hits = zero_bytes(word ^ separators) | zero_bytes(word ^ LINE_ENDS);
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

/// Where text ends within quotes: how many lines lie before the quote that is not closed. A quote opens a cell that
/// begins with it, two within stand for one, and anywhere else it is a character like others.
pub(super) fn open_quote(text: &[u8], separator: u8) -> Option<u64> {
    #[derive(PartialEq)]
    enum Within {
        Start,
        Bare,
        Quotes,
        /// After a quote that may have been the last one.
        Closed,
    }
    let (mut within, mut lines, mut opened) = (Within::Start, 0, 0);
    for byte in text {
        within = match (within, *byte) {
            (Within::Start, b'"') => {
                opened = lines;
                Within::Quotes
            }
            (Within::Quotes, b'"') => Within::Closed,
            (Within::Closed, b'"') | (Within::Quotes, _) => Within::Quotes,
            (_, b'\n' | b'\r') => Within::Start,
            (_, byte) if byte == separator => Within::Start,
            _ => Within::Bare,
        };
        lines += u64::from(*byte == b'\n');
    }
    (within == Within::Quotes).then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_that_one_sees_byte_by_byte() {
        for separator in CANDIDATES {
            // Every byte, each beside every distance to the next separator.
            let text: Vec<u8> =
                (0..=255_u8).flat_map(|byte| [vec![byte; usize::from(byte % 11)], vec![separator]].concat()).collect();
            let text: Vec<u8> = text.into_iter().filter(|byte| !matches!(byte, b'"' | b'\r')).collect();
            let ends = |byte: u8| byte == separator || byte == b'\n';
            let expected = (0_u32..).zip(&text).filter(|(_, byte)| ends(**byte)).map(|(place, _)| place);
            let mut found = vec![7];
            assert!(find(&text, separator, &mut found));
            assert_eq!(found, expected.collect::<Vec<u32>>());
        }
    }

    #[test]
    fn what_may_mean_something_else_is_told() {
        let plain = |text: &str| find(text.as_bytes(), b',', &mut Vec::new());
        assert!(plain("a,b\r\nc,d\r\n") && plain("") && plain("a,b\n"));
        assert!(!plain("a,b\rc,d\n") && !plain("a,\"b\n") && !plain("long enough,\"b\n") && !plain("a,b\r"));
    }

    #[test]
    fn a_quote_is_open_until_it_is_closed() {
        for (text, open) in [
            ("a,\"b\"\n", None),
            ("a,\"b\"\"c\"", None),
            ("a,b\"c\n", None),
            ("a, \"c\n", None),
            ("a,\"b\"x\"\n", None),
            ("a,\"b", Some(0)),
            ("\n\n\"a\nb", Some(2)),
            ("a,\"b\"\"\n", Some(0)),
        ] {
            assert_eq!(open_quote(text.as_bytes(), b','), open, "{text:?}");
        }
    }

    #[test]
    fn the_header_says_what_separates() {
        for (header, separator) in
            [("a,b", b','), ("a\tb,c\td", b'\t'), ("a;b;c", b';'), ("\"a;b;c\",d", b','), ("a", b','), ("", b',')]
        {
            assert_eq!(of_header(header.as_bytes()), separator, "{header:?}");
        }
    }
}
