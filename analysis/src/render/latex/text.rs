//! Names and numbers as text that LaTeX reads as text.

use std::fmt::Write as _;

/// A name with more characters goes over several lines.
pub(super) const NAME_OF_A_LINE: usize = 24;

/// A name that can be broken wherever its column ends.
pub(super) fn breakable(name: &str) -> String {
    if name.chars().count() <= NAME_OF_A_LINE {
        return escape(name);
    }
    let pieces: Vec<String> = name.chars().map(|character| escape(&character.to_string())).collect();
    format!("\\raggedright\\hangindent=1em {}", pieces.join("\\hspace{0pt}"))
}

/// Text without anything that LaTeX would take for a command, and with no character that its usual fonts lack.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => safe.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => safe.extend(['\\', character]),
            '^' => safe.push_str("\\textasciicircum{}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '<' => safe.push_str("\\ensuremath{<}"),
            '>' => safe.push_str("\\ensuremath{>}"),
            // Some of these run together with their neighbours, as in ?` and --.
            '"' | '\'' | '`' | '-' | '[' | ']' | '*' | '|' => safe.extend(['{', character, '}']),
            '\u{2212}' => safe.push_str("\\ensuremath{-}"),
            '\u{2013}' => safe.push_str("--"),
            '\u{2019}' => safe.push('\''),
            '\u{201c}' => safe.push_str("``"),
            '\u{201d}' => safe.push_str("''"),
            '\u{2026}' => safe.push_str("\\ldots{}"),
            '\u{a0}' | '\u{2009}' => safe.push_str("\\,"),
            '\u{b1}' => safe.push_str("\\ensuremath{\\pm}"),
            '\u{d7}' => safe.push_str("\\ensuremath{\\times}"),
            control if control.is_control() => safe.push(' '),
            plain if plain.is_ascii() => safe.push(plain),
            letter @ '\u{c0}'..='\u{ff}' if letter.is_alphabetic() => safe.push(letter),
            other => {
                let _ = match greek(other) {
                    Some(name) => write!(safe, "\\ensuremath{{\\{name}}}"),
                    None => write!(safe, "\\unicodecharacter{{{:04X}}}", u32::from(other)),
                };
            }
        }
    }
    safe
}

/// The command of a Greek letter, as the names of activations have them.
fn greek(letter: char) -> Option<&'static str> {
    let names = [
        ('α', "alpha"),
        ('β', "beta"),
        ('γ', "gamma"),
        ('δ', "delta"),
        ('ε', "varepsilon"),
        ('η', "eta"),
        ('θ', "theta"),
        ('λ', "lambda"),
        ('μ', "mu"),
        ('\u{b5}', "mu"),
        ('ρ', "rho"),
        ('σ', "sigma"),
        ('τ', "tau"),
        ('φ', "varphi"),
        ('Φ', "Phi"),
        ('ω', "omega"),
    ];
    names.into_iter().find(|(known, _)| *known == letter).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_latex_would_read() {
        assert_eq!(escape("a_b & 50%"), "a\\_b \\& 50\\%");
        assert_eq!(
            escape("\\input{x}^~$#"),
            "\\textbackslash{}input\\{x\\}\\textasciicircum{}\\textasciitilde{}\\$\\#"
        );
        assert_eq!(
            escape("\u{2212}0.5 <\u{a0}β é 中\u{1}"),
            "\\ensuremath{-}0.5 \\ensuremath{<}\\,\\ensuremath{\\beta} é \\unicodecharacter{4E2D} "
        );
        assert_eq!(escape("--- ?`"), "{-}{-}{-} ?{`}");
    }
}
