//! Noun phrases and the prepositional phrases that stand in them or beside them.

use crate::features::{Agreement, Number};
use crate::lexicon::{Name, Noun};

/// What opens a noun phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Determiner {
    /// `the`
    Definite,
    /// `a` or `an`; `some` in the plural
    Indefinite,
    /// `this`, `these`
    Near,
    /// `that`, `those`
    Far,
    /// `two`; its noun is plural
    Two,
    /// `her`, `his`, `its`, `their`
    Possessive(Agreement),
}

impl Determiner {
    fn form(self, number: Number, next: &str) -> &'static str {
        let singular = number == Number::Singular;
        match self {
            Self::Definite => "the",
            Self::Indefinite if !singular => "some",
            Self::Indefinite if next.starts_with(['a', 'e', 'i', 'o', 'u']) => "an",
            Self::Indefinite => "a",
            Self::Near if singular => "this",
            Self::Near => "these",
            Self::Far if singular => "that",
            Self::Far => "those",
            Self::Two => "two",
            Self::Possessive(owner) => owner.possessive(),
        }
    }
}

/// A phrase headed by a common noun: `the big dogs near the tree`.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) determiner: Determiner,
    pub(crate) look: Option<&'static str>,
    pub(crate) noun: &'static Noun,
    pub(crate) number: Number,
    /// A phrase inside this one; a verb that follows it must look past it.
    pub(crate) modifier: Option<Box<Relation>>,
}

impl Common {
    pub(crate) fn new(determiner: Determiner, noun: &'static Noun, number: Number) -> Self {
        Self { determiner, look: None, noun, number, modifier: None }
    }

    pub(crate) fn look(mut self, look: Option<&'static str>) -> Self {
        self.look = look;
        self
    }

    pub(crate) fn modifier(mut self, modifier: Relation) -> Self {
        self.modifier = Some(Box::new(modifier));
        self
    }

    /// The words; with `noun_number` the noun alone takes that number and no longer fits its determiner.
    fn push_words(&self, noun_number: Option<Number>, words: &mut Vec<&'static str>) {
        let noun = self.noun.form(noun_number.unwrap_or(self.number));
        words.push(self.determiner.form(self.number, self.look.unwrap_or(noun)));
        words.extend(self.look);
        words.push(noun);
        if let Some(modifier) = &self.modifier {
            modifier.push_words(words);
        }
    }
}

/// A preposition with its noun phrase: `near the trees`.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) preposition: &'static str,
    pub(crate) phrase: NounPhrase,
}

impl Relation {
    pub(crate) fn new(preposition: &'static str, phrase: impl Into<NounPhrase>) -> Self {
        Self { preposition, phrase: phrase.into() }
    }

    pub(crate) fn push_words(&self, words: &mut Vec<&'static str>) {
        words.push(self.preposition);
        self.phrase.push_words(Case::Accusative, words);
    }

    pub(crate) fn push_lemmas(&self, lemmas: &mut Vec<&'static str>) {
        lemmas.push(self.preposition);
        self.phrase.push_lemmas(lemmas);
    }
}

/// The case of a pronoun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Nominative,
    Accusative,
}

/// Whatever can be the subject or the object of a verb.
#[derive(Clone, Debug)]
pub(crate) enum NounPhrase {
    /// `Lily`
    Name(&'static Name),
    /// `Lily and the fox`
    Joined(Box<[NounPhrase; 2]>),
    /// `a little girl named Lily`
    Introduced(Common, &'static Name),
    /// `she`, `her`
    Pronoun(Agreement),
    /// `the big dogs near the tree`
    Common(Common),
}

impl From<Common> for NounPhrase {
    fn from(common: Common) -> Self {
        Self::Common(common)
    }
}

impl NounPhrase {
    pub(crate) fn joined(first: Self, second: Self) -> Self {
        Self::Joined(Box::new([first, second]))
    }

    /// What verbs, pronouns and reflexives must agree with.
    pub(crate) fn agreement(&self) -> Agreement {
        match self {
            Self::Name(name) | Self::Introduced(_, name) => name.agreement,
            Self::Joined(_) => Agreement::Plural,
            Self::Pronoun(agreement) => *agreement,
            Self::Common(common) => match common.number {
                Number::Singular => common.noun.agreement,
                Number::Plural => Agreement::Plural,
            },
        }
    }

    /// The noun that somebody is known by.
    pub(crate) fn noun(&self) -> Option<&'static Noun> {
        match self {
            Self::Introduced(common, _) | Self::Common(common) => Some(common.noun),
            Self::Name(_) | Self::Joined(_) | Self::Pronoun(_) => None,
        }
    }

    pub(crate) fn push_words(&self, case: Case, words: &mut Vec<&'static str>) {
        match self {
            Self::Name(name) => words.push(name.text),
            Self::Joined(parts) => {
                parts[0].push_words(case, words);
                words.push("and");
                parts[1].push_words(case, words);
            }
            Self::Introduced(common, name) => {
                common.push_words(None, words);
                words.extend(["named", name.text]);
            }
            Self::Pronoun(agreement) => words.push(match case {
                Case::Nominative => agreement.nominative(),
                Case::Accusative => agreement.accusative(),
            }),
            Self::Common(common) => common.push_words(None, words),
        }
    }

    /// The words with the noun in the number that its determiner does not take; as they are where nothing can clash.
    pub(crate) fn push_clashing_words(&self, words: &mut Vec<&'static str>) {
        match self {
            Self::Common(common) => common.push_words(Some(common.number.other()), words),
            _ => self.push_words(Case::Accusative, words),
        }
    }

    /// The content words in the form that stands for all their forms; determiners are left out.
    pub(crate) fn push_lemmas(&self, lemmas: &mut Vec<&'static str>) {
        match self {
            Self::Name(name) | Self::Introduced(_, name) => lemmas.push(name.text),
            Self::Joined(parts) => parts.iter().for_each(|part| part.push_lemmas(lemmas)),
            Self::Pronoun(agreement) => lemmas.push(agreement.nominative()),
            Self::Common(common) => {
                lemmas.extend(common.look);
                lemmas.push(common.noun.singular);
                if let Some(modifier) = &common.modifier {
                    modifier.push_lemmas(lemmas);
                }
            }
        }
    }
}
