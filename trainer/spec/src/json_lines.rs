//! JSON Lines: the lines of a file that say something, with their numbers.

/// Every line that is not blank, with its number from 1; or, of one that is not UTF-8, where it is not, counted from 0
/// as in all such messages. A byte order mark is no part of the first one.
pub fn lines(content: &[u8]) -> impl Iterator<Item = (u64, Result<&str, String>)> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let lines = (1..).zip(content.split(|byte| *byte == b'\n'));
    lines.filter(|(_, line)| !line.trim_ascii().is_empty()).map(|(number, line)| {
        let text = std::str::from_utf8(line);
        (number, text.map_err(|error| format!("byte {} of the line is not UTF-8", error.valid_up_to())))
    })
}

/// What a parser that has seen one line only says of it, without the number of that line.
pub fn in_line(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or(&said);
    match error.column() {
        0 => what.to_owned(),
        column => format!("{what} at column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_a_byte_order_mark_are_passed_over_and_what_is_no_text_is_placed() {
        let found: Vec<_> = lines(b"\xef\xbb\xbfone\r\n \n\ntwo\nth\xff").collect();
        let bad = Err("byte 2 of the line is not UTF-8".to_owned());
        assert_eq!(found, [(1, Ok("one\r")), (4, Ok("two")), (5, bad)]);
    }
}
