//! The command of another program: arguments with `{placeholders}`.

use std::collections::BTreeSet;

/// An argument with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(String),
}

impl Template {
    /// Reads `{name}` as a placeholder, `{{` and `}}` as braces.
    ///
    /// The error says what is wrong, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(index) = rest.find(['{', '}']) {
            literal.push_str(&rest[..index]);
            let found = &rest[index..];
            if found.starts_with("{{") || found.starts_with("}}") {
                literal.push_str(&found[..1]);
                rest = &found[2..];
            } else if found.starts_with('}') {
                return Err("`}` closes nothing; write `}}` for a brace".to_owned());
            } else {
                let end = found.find('}').ok_or("`{` is never closed; write `{{` for a brace")?;
                let name = found[1..end].trim();
                if name.is_empty() || name.contains('{') {
                    return Err(format!("`{}` names no placeholder; write `{{{{` for a brace", &found[..=end]));
                }
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Placeholder(name.to_owned()));
                rest = &found[end + 1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// The placeholders' names.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for part in &self.parts {
            if let Part::Placeholder(name) = part {
                names.insert(name.as_str());
            }
        }
        names
    }

    /// The argument, where the template has no placeholder.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The argument with every placeholder replaced by what `value` says.
    pub(super) fn fill(&self, value: &dyn Fn(&str) -> String) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder(name) => text.push_str(&value(name)),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_doubled_braces_stay() {
        let template = Template::parse("--x={a}-{{b}}-{ c }").unwrap();
        assert_eq!(template.names().into_iter().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(template.fill(&|name| name.to_uppercase()), "--x=A-{b}-C");
    }

    #[test]
    fn stray_braces_are_refused() {
        for wrong in ["{", "}", "{a", "{}", "a}b", "{a{b}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Template::parse("").unwrap().literal(), Some(""));
        assert_eq!(Template::parse("{{}}").unwrap().literal(), Some("{}"));
    }
}
