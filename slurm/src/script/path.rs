//! Paths and images on the cluster, which are not paths of this machine and so stay text.

use std::fmt;
use std::str::FromStr;

use crate::quoting::{Destination, quote};
use crate::value::{ValueError, serde_as_text};

/// Defines a newtype over a text that a predicate accepts.
macro_rules! checked_text {
    ($(#[$documentation:meta])* $type:ident, $accepts:expr, $expected:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// What a person may write.
            pub const EXPECTED: &str = $expected;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) {
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

checked_text! {
    /// An absolute path. It may hold whatever a word of a batch script may.
    AbsolutePath,
    |text| text.starts_with('/') && quote(text, Destination::Shell).is_ok(),
    "an absolute path without control characters other than newline and tab"
}

checked_text! {
    /// A path that a container shall see: absolute, and free of the two characters that separate
    /// paths in a list of mounts.
    MountPath,
    |text| text.starts_with('/') && !text.contains([':', ',']) && !text.contains(char::is_control),
    "an absolute path without control characters, `:` or `,`"
}

checked_text! {
    /// A container image: a file or an address such as `docker://registry/name:tag`.
    ContainerImage,
    |text| !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_control),
    "a container image: a path, or an address such as \"docker://registry/name:tag\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked_where_they_are_made() {
        assert!("/scratch/a b".parse::<AbsolutePath>().is_ok());
        assert!("scratch".parse::<AbsolutePath>().is_err());
        assert!("/a\nb".parse::<AbsolutePath>().is_ok());
        assert!("/a\rb".parse::<AbsolutePath>().is_err());
        assert!("/a\0b".parse::<AbsolutePath>().is_err());
        assert!("/a\nb".parse::<MountPath>().is_err());
        assert!("/a:b".parse::<MountPath>().is_err());
        assert!("/a,b".parse::<MountPath>().is_err());
        assert!("docker://a/b:c".parse::<ContainerImage>().is_ok());
        assert!("--fakeroot".parse::<ContainerImage>().is_err());
    }
}
