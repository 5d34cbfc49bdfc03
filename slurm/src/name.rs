//! Names that Slurm knows things by: jobs, accounts, partitions, nodes, modules, variables.
//!
//! Each is a text from a short list of characters, so that it can stand in any option, path or
//! table without surprise.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// Defines a newtype over a text whose first character and length are bounded and whose
/// characters are ASCII letters, digits and the given signs.
macro_rules! name {
    ($(#[$documentation:meta])* $type:ident, signs $signs:literal, at most $limit:literal, $expected:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// What a person may write.
            pub const EXPECTED: &str = $expected;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if is_name(text, $signs, $limit) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(ValueError::new(text, Self::EXPECTED))
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        serde_as_text!($type);
    };
}

fn is_name(text: &str, signs: &str, limit: usize) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || signs.contains(character);
    // A leading hyphen would be read as an option.
    (1..=limit).contains(&text.len()) && !text.starts_with('-') && text.chars().all(allowed)
}

name! {
    /// The name of a job: the one field by which every Slurm command finds a job again.
    JobName, signs "._-", at most 64,
    "a job name: 1 to 64 letters, digits, `.`, `_` or `-`, not starting with `-`"
}
name! {
    /// The account that is charged.
    Account, signs "._-", at most 128,
    "an account name: letters, digits, `.`, `_` or `-`"
}
name! {
    /// One partition, or several separated by commas of which Slurm takes the first that is free.
    Partition, signs "._-,", at most 256,
    "a partition, or several separated by commas, such as \"gpu\" or \"gpu,long\""
}
name! {
    /// A quality of service.
    Qos, signs "._-", at most 128,
    "a quality of service: letters, digits, `.`, `_` or `-`"
}
name! {
    /// A reservation.
    Reservation, signs "._-", at most 128,
    "a reservation name: letters, digits, `.`, `_` or `-`"
}
name! {
    /// An expression over the features of nodes.
    Constraint, signs "._-&|[]()*,:+=", at most 512,
    "an expression over node features, such as \"a100&nvlink\""
}
name! {
    /// Nodes as Slurm lists them, compressed or not: `node[1-3,7],login1`.
    NodeList, signs "._-,[]", at most 4096,
    "a list of nodes, such as \"node1,node[3-5]\""
}
name! {
    /// A cluster of a federation or of one accounting database.
    ClusterName, signs "._-", at most 64,
    "a cluster name: letters, digits, `.`, `_` or `-`"
}
name! {
    /// An environment module with its version.
    ModuleName, signs "._-/+", at most 256,
    "a module name, such as \"cuda/12.4\""
}
name! {
    /// The model of a generic resource, such as `a100`.
    GresKind, signs "._-", at most 128,
    "the model of a resource, such as \"a100\""
}

/// The name of an environment variable that a script may set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(String);

impl VariableName {
    /// What a person may write.
    pub const EXPECTED: &str = "a variable name: letters, digits and `_`, not starting with a digit";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text, "_", 256) && !text.starts_with(|first: char| first.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::new(text, Self::EXPECTED))
        }
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

serde_as_text!(VariableName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_where_they_are_made() {
        assert_eq!("sweep-1a2b.3".parse::<JobName>().unwrap().as_str(), "sweep-1a2b.3");
        for wrong in ["", "-x", "a b", "a\nb", "$(id)", "é", &"x".repeat(65)] {
            assert!(wrong.parse::<JobName>().is_err(), "{wrong:?}");
        }
        assert!("gpu,long".parse::<Partition>().is_ok());
        assert!("a100&nvlink".parse::<Constraint>().is_ok());
        assert!("node[1-3]".parse::<NodeList>().is_ok());
        assert!("cuda/12.4".parse::<ModuleName>().is_ok());
        assert!("1ST".parse::<VariableName>().is_err());
        assert!("LD_LIBRARY_PATH".parse::<VariableName>().is_ok());
    }

    #[test]
    fn serde_goes_through_the_same_check() {
        let name: JobName = serde_json::from_str("\"demo\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"demo\"");
        let error = serde_json::from_str::<JobName>("\"de mo\"").unwrap_err();
        assert!(error.to_string().contains("\"de mo\" is not a job name"), "{error}");
    }
}
