//! The grammatical features that words agree in.

/// Grammatical number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Singular,
    Plural,
}

impl Number {
    /// Both numbers, to draw from.
    pub(crate) const ALL: [Self; 2] = [Self::Singular, Self::Plural];

    /// The other number.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Singular => Self::Plural,
            Self::Plural => Self::Singular,
        }
    }
}

/// What a third-person pronoun agrees with: gender in the singular, number alone in the plural.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    Feminine,
    Masculine,
    Neuter,
    Plural,
}

impl Agreement {
    pub(crate) fn number(self) -> Number {
        match self {
            Self::Plural => Number::Plural,
            Self::Feminine | Self::Masculine | Self::Neuter => Number::Singular,
        }
    }

    pub(crate) fn nominative(self) -> &'static str {
        match self {
            Self::Feminine => "she",
            Self::Masculine => "he",
            Self::Neuter => "it",
            Self::Plural => "they",
        }
    }

    pub(crate) fn accusative(self) -> &'static str {
        match self {
            Self::Feminine => "her",
            Self::Masculine => "him",
            Self::Neuter => "it",
            Self::Plural => "them",
        }
    }

    pub(crate) fn possessive(self) -> &'static str {
        match self {
            Self::Feminine => "her",
            Self::Masculine => "his",
            Self::Neuter => "its",
            Self::Plural => "their",
        }
    }

    pub(crate) fn reflexive(self) -> &'static str {
        match self {
            Self::Feminine => "herself",
            Self::Masculine => "himself",
            Self::Neuter => "itself",
            Self::Plural => "themselves",
        }
    }
}

/// The tense that a whole story keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tense {
    Present,
    Past,
}

impl Tense {
    /// Both tenses, to draw from.
    pub(crate) const ALL: [Self; 2] = [Self::Present, Self::Past];

    /// The other tense.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Present => Self::Past,
            Self::Past => Self::Present,
        }
    }
}
