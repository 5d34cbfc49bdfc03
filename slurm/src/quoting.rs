//! The one function that every string passes before it reaches a shell or an `#SBATCH` line.

/// Where a quoted text will be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// One word of a POSIX shell command.
    Shell,
    /// The value of an option on an `#SBATCH` line, which sbatch reads with a parser of its own.
    Directive,
}

/// A text that cannot be quoted without changing its meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuotingError {
    /// No quoting protects this character at its destination.
    #[error("{text:?} contains the character {character:?}, which {place} cannot carry")]
    Character {
        /// The whole text.
        text: String,
        /// The first character at fault.
        character: char,
        /// The destination in words.
        place: &'static str,
    },
    /// Some versions of sbatch act on this word wherever it stands in an `#SBATCH` line, quoted
    /// or not.
    #[error("{text:?} contains {word:?}, which sbatch may act on anywhere in an #SBATCH line")]
    ReservedWord {
        /// The whole text.
        text: String,
        /// The word at fault.
        word: &'static str,
    },
}

/// Quotes a text so that its destination reads back exactly that text.
///
/// A shell word may hold newlines and tabs but no other control character: NUL ends it, and sbatch
/// refuses a script with a carriage return before a newline. An `#SBATCH` line holds no control
/// character at all.
///
/// # Errors
/// The text holds something that no quoting protects.
pub fn quote(text: &str, destination: Destination) -> Result<String, QuotingError> {
    let (place, carries): (_, fn(char) -> bool) = match destination {
        Destination::Shell => {
            ("a batch script", |character| matches!(character, '\n' | '\t') || !character.is_control())
        }
        Destination::Directive => ("an #SBATCH line", |character| !character.is_control()),
    };
    if let Some(character) = text.chars().find(|&character| !carries(character)) {
        return Err(QuotingError::Character { text: text.to_owned(), character, place });
    }
    match destination {
        Destination::Shell => shlex::try_quote(text).map(String::from).map_err(|_| QuotingError::Character {
            text: text.to_owned(),
            character: '\0',
            place,
        }),
        Destination::Directive => quote_directive(text),
    }
}

/// Words that start a further component of a job. The versions around 18.08 look for them in the
/// whole of an `#SBATCH` line, quotes or not, and blank them out.
const COMPONENT_WORDS: [&str; 2] = ["hetjob", "packjob"];

/// sbatch removes quotes, lets a backslash protect any character, inside quotes too, and takes an
/// unprotected `#` as the start of a comment (old versions inside quotes as well). It expands
/// nothing.
fn quote_directive(text: &str) -> Result<String, QuotingError> {
    let folded = text.to_ascii_lowercase();
    if let Some(word) = COMPONENT_WORDS.into_iter().find(|word| folded.contains(word)) {
        return Err(QuotingError::ReservedWord { text: text.to_owned(), word });
    }
    if !text.is_empty() && text.chars().all(is_plain_in_directive) {
        return Ok(text.to_owned());
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '#') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Ok(quoted)
}

fn is_plain_in_directive(character: char) -> bool {
    character.is_ascii_alphanumeric() || "%+,-./:=@[]_".contains(character)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// Reads one option as sbatch does, from the description of its rules in
    /// [`quote_directive`]. `old` is the reader before Slurm 17, which knew no single quotes
    /// and cut at `#` inside double quotes.
    fn read_as_sbatch(line: &str, old: bool) -> String {
        let mut value = String::new();
        let mut quote = None;
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => value.extend(characters.next()),
                '#' if old || quote.is_none() => break,
                _ if quote == Some(character) => quote = None,
                '"' if quote.is_none() => quote = Some('"'),
                '\'' if quote.is_none() && !old => quote = Some('\''),
                _ if quote.is_none() && character.is_ascii_whitespace() => break,
                _ => value.push(character),
            }
        }
        value
    }

    fn read_by_shell(words: &str) -> String {
        let script = format!("printf '%s' {words}");
        let output = Command::new("sh").arg("-c").arg(script).output().expect("sh starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("sh gives back UTF-8")
    }

    /// Characters that mean something to a shell, to sbatch or to a terminal, and some that do not.
    fn hostile() -> impl Strategy<Value = String> {
        let special = "$`\"'\\ \n\t;|&<>(){}[]*?~!^#%=-+,:@\u{e9}\u{1f600}aZ0";
        let special: Vec<char> = special.chars().collect();
        prop_oneof![
            proptest::collection::vec(proptest::sample::select(special), 0..40).prop_map(String::from_iter),
            any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_real_shell_reads_back_what_was_quoted(text in hostile()) {
            match quote(&text, Destination::Shell) {
                Ok(word) => prop_assert_eq!(read_by_shell(&word), text),
                Err(_) => prop_assert!(
                    text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
                ),
            }
        }

        #[test]
        fn sbatch_reads_back_what_was_quoted(text in hostile()) {
            match quote(&text, Destination::Directive) {
                Ok(value) => {
                    prop_assert_eq!(read_as_sbatch(&value, false), text.as_str());
                    prop_assert_eq!(read_as_sbatch(&value, true), text.as_str());
                }
                Err(_) => prop_assert!(text.chars().any(char::is_control)),
            }
        }
    }

    #[test]
    fn words_that_start_a_component_are_refused() {
        let error = quote("my-HetJob", Destination::Directive).unwrap_err();
        assert_eq!(error, QuotingError::ReservedWord { text: "my-HetJob".to_owned(), word: "hetjob" });
        assert_eq!(quote("hetjob", Destination::Shell).unwrap(), "hetjob");
    }

    #[test]
    fn what_ends_a_line_or_a_string_is_refused() {
        assert!(quote("a\nb", Destination::Directive).is_err());
        assert!(quote("a\0b", Destination::Shell).is_err());
        assert!(quote("a\r\nb", Destination::Shell).is_err());
        assert_eq!(quote("", Destination::Shell).unwrap(), "''");
        assert_eq!(quote("", Destination::Directive).unwrap(), "\"\"");
    }
}
