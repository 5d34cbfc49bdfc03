use crate::quantity::{Mebibytes, Seconds};
use crate::value::{Value, float_text};

/// The values that a setting takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number, bounds included.
    Integer {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A number, bounds included.
    Float {
        /// The smallest.
        least: f64,
        /// The largest.
        most: f64,
    },
    /// A number above zero, up to and including a bound.
    Positive {
        /// The largest.
        most: f64,
    },
    /// One of these names.
    Choice(&'static [&'static str]),
    /// Any of these names, each at most once.
    Choices(&'static [&'static str]),
    /// One of these names, or a path to a file.
    ChoiceOrPath(&'static [&'static str]),
    /// One path or a list of paths.
    Paths,
    /// Text that is not empty.
    Text,
    /// Yes or no.
    Flag,
    /// A duration.
    Duration,
    /// An amount of memory.
    Memory,
}

impl Kind {
    /// The value in its stored form, if it fits.
    pub(super) fn accept(self, value: &Value) -> Option<Value> {
        match self {
            Self::Integer { least, most } => match value {
                Value::Integer(number) if (least..=most).contains(number) => Some(value.clone()),
                _ => None,
            },
            Self::Float { least, most } => {
                float(value).filter(|number| (least..=most).contains(number)).map(Value::Float)
            }
            Self::Positive { most } => float(value).filter(|number| *number > 0.0 && *number <= most).map(Value::Float),
            Self::Choice(names) => text(value).filter(|name| names.contains(name)).map(Value::from),
            Self::Choices(names) => choices(value, names),
            Self::Text | Self::ChoiceOrPath(_) => text(value).filter(|text| !text.is_empty()).map(Value::from),
            Self::Paths => paths(value),
            Self::Flag => matches!(value, Value::Boolean(_)).then(|| value.clone()),
            Self::Duration => text(value)?.parse::<Seconds>().ok().map(|time| Value::Text(time.to_string())),
            Self::Memory => text(value)?.parse::<Mebibytes>().ok().map(|memory| Value::Text(memory.to_string())),
        }
    }

    /// What would be right, in words that fit after "expected".
    pub fn expected(self) -> String {
        match self {
            Self::Integer { least, most: i64::MAX } => format!("an integer of at least {least}"),
            Self::Integer { least, most } => format!("an integer from {least} to {most}"),
            Self::Float { least, most } if most.is_infinite() => format!("a number of at least {}", float_text(least)),
            Self::Float { least, most } => format!("a number from {} to {}", float_text(least), float_text(most)),
            Self::Positive { most } if most.is_infinite() => "a number above 0".to_owned(),
            Self::Positive { most } => format!("a number above 0, at most {}", float_text(most)),
            Self::Choice(names) => format!("one of {}", quoted(names)),
            Self::Choices(names) => format!("a list of at least one of {}, each at most once", quoted(names)),
            Self::ChoiceOrPath(names) => format!("{} or a path", quoted(names)),
            Self::Paths => "a path or a list of paths".to_owned(),
            Self::Text => "a string that is not empty".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Duration => Seconds::EXPECTED.to_owned(),
            Self::Memory => Mebibytes::EXPECTED.to_owned(),
        }
    }

    /// The names that the setting knows, for suggestions.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Choice(names) | Self::Choices(names) | Self::ChoiceOrPath(names) => names,
            _ => &[],
        }
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        // Adding zero turns -0.0 into 0.0: one number, one spelling.
        Value::Float(number) if number.is_finite() => Some(*number + 0.0),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn choices(value: &Value, names: &[&str]) -> Option<Value> {
    let Value::List(items) = value else { return None };
    let distinct = items.iter().enumerate().all(|(index, item)| !items[..index].contains(item));
    let known = items.iter().all(|item| text(item).is_some_and(|name| names.contains(&name)));
    (distinct && known && !items.is_empty()).then(|| value.clone())
}

fn paths(value: &Value) -> Option<Value> {
    match value {
        Value::Text(path) if !path.is_empty() => Some(Value::List(vec![value.clone()])),
        Value::List(items) if items.iter().all(|item| text(item).is_some_and(|path| !path.is_empty())) => {
            Some(value.clone())
        }
        _ => None,
    }
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_meaning_has_one_form() {
        let float = Kind::Float { least: 0.0, most: 1.0 };
        assert_eq!(float.accept(&Value::Integer(1)), Some(Value::Float(1.0)));
        assert_eq!(Kind::Duration.accept(&Value::from("120m")), Some(Value::from("2h")));
        assert_eq!(Kind::Paths.accept(&Value::from("a")), Some(Value::List(vec![Value::from("a")])));
    }

    #[test]
    fn values_outside_are_refused() {
        assert_eq!(Kind::Integer { least: 1, most: 8 }.accept(&Value::Integer(9)), None);
        assert_eq!(Kind::Integer { least: 1, most: 8 }.accept(&Value::Float(2.0)), None);
        assert_eq!(Kind::Positive { most: 1.0 }.accept(&Value::Float(0.0)), None);
        assert_eq!(Kind::Positive { most: f64::INFINITY }.accept(&Value::Float(f64::INFINITY)), None);
        assert_eq!(Kind::Choice(&["a"]).accept(&Value::from("b")), None);
        let twice = Value::List(vec![Value::from("a"), Value::from("a")]);
        assert_eq!(Kind::Choices(&["a"]).accept(&twice), None);
    }
}
