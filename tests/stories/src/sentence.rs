//! Sentences: clauses with an opener, links, speech and punctuation.

use crate::clause::Clause;
use crate::features::{Number, Tense};
use crate::lexicon::word;
use crate::phrase::NounPhrase;

/// How a second clause follows the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    And,
    But,
    So,
    Because,
}

impl Link {
    fn text(self) -> &'static str {
        match self {
            Self::And => ", and ",
            Self::But => ", but ",
            Self::So => ", so ",
            Self::Because => " because ",
        }
    }
}

/// What a character can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    Thanks,
    Plea,
    Offer,
    Trouble,
    Comfort,
    Courage,
    Joy,
    Surprise,
}

impl Quote {
    fn text(self, speakers: Number) -> &'static str {
        match (self, speakers) {
            (Self::Thanks, _) => "Thank you!",
            (Self::Plea, Number::Singular) => "Please help me!",
            (Self::Plea, Number::Plural) => "Please help us!",
            (Self::Offer, Number::Singular) => "I can help you,",
            (Self::Offer, Number::Plural) => "We can help you,",
            (Self::Trouble, _) => "What is wrong?",
            (Self::Comfort, _) => "Do not cry,",
            (Self::Courage, _) => "Do not be afraid,",
            (Self::Joy, _) => "What a lovely day!",
            (Self::Surprise, _) => "Look what is here!",
        }
    }
}

/// A sentence of a story.
#[derive(Clone, Debug)]
pub(crate) enum Sentence {
    /// `One day, she lost the ball, but she could not find it.`
    Statement { opener: Option<&'static str>, first: Clause, second: Option<(Link, Clause)> },
    /// `"Thank you!" said Lily.`
    Speech { quote: Quote, speaker: NounPhrase, tense: Tense },
}

impl Sentence {
    pub(crate) fn plain(clause: Clause) -> Self {
        Self::Statement { opener: None, first: clause, second: None }
    }

    pub(crate) fn opened(opener: &'static str, clause: Clause) -> Self {
        Self::Statement { opener: Some(opener), first: clause, second: None }
    }

    /// The clauses that can be held out.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = &Clause> {
        let [first, second] = match self {
            Self::Statement { first, second, .. } => [Some(first), second.as_ref().map(|(_, clause)| clause)],
            Self::Speech { .. } => [None, None],
        };
        first.into_iter().chain(second)
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Statement { opener, first, second } => {
                let mut body = first.words().join(" ");
                if let Some((link, clause)) = second {
                    body.push_str(link.text());
                    body.push_str(&clause.words().join(" "));
                }
                written(*opener, &body)
            }
            Self::Speech { quote, speaker, tense } => spoken(*quote, speaker, *tense),
        }
    }
}

/// The body as a sentence on paper: an opener with its comma, a capital, a full stop.
pub(crate) fn written(opener: Option<&str>, body: &str) -> String {
    match opener {
        Some(opener) => format!("{opener}, {body}."),
        None => format!("{}.", capitalized(body)),
    }
}

/// A pronoun stands before the verb of saying, any other speaker after it.
fn spoken(quote: Quote, speaker: &NounPhrase, tense: Tense) -> String {
    let mut tag = Clause::new(tense, speaker.clone(), &word::SAY).words();
    if !matches!(speaker, NounPhrase::Pronoun(_)) {
        tag.rotate_right(1);
    }
    format!("\"{}\" {}.", quote.text(speaker.agreement().number()), tag.join(" "))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
