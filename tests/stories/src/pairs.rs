//! Minimal pairs: a grammatical sentence and one that breaks a single rule of the grammar.

use std::collections::BTreeSet;

use crate::clause::{Clause, Rule};
use crate::draw::{Draw, Purpose};
use crate::features::{Agreement, Number, Tense};
use crate::lexicon::{GENDERED, NAMES};
use crate::phrase::{Common, Determiner, NounPhrase};
use crate::plot::tense_opener;
use crate::scene::{
    Distractor, Experienced, anybody, distant_agreement, experience, handling, meeting, nearby_agreement,
    self_directed, two_names,
};
use crate::sentence::written;

/// Draws in a row that may bring nothing new before a paradigm counts as used up.
const PATIENCE: usize = 10_000;

/// Two sentences of the same length of which only the first is grammatical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinimalPair {
    /// The rule that is probed, such as `anaphor-gender`.
    pub paradigm: &'static str,
    /// The grammatical sentence.
    pub good: String,
    /// The same sentence with one word that breaks the rule.
    pub bad: String,
}

/// A kind of minimal pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paradigm {
    SubjectVerb,
    AcrossDistractor,
    DeterminerNoun,
    AnaphorGender,
    AnaphorNumber,
    IrregularPast,
    TenseAdverb,
    NegativePolarity,
    PronounCase,
}

/// A clause with what the bad sentence does to it.
struct Probe {
    clause: Clause,
    opener: Option<&'static str>,
    fault: Fault,
}

/// How the bad sentence differs.
enum Fault {
    Broken(Rule),
    /// The clause is right in itself but its tense does not fit the opener.
    OtherTense,
}

/// Up to `per_paradigm` distinct pairs of every paradigm, paradigm by paradigm, in a fixed order.
///
/// The good sentences come from the held-out combinations, which no story of any seed tells. A larger
/// `per_paradigm` extends every paradigm and changes no earlier pair. A paradigm has many thousand pairs;
/// beyond that it stays shorter than asked for.
pub fn minimal_pairs(seed: u64, per_paradigm: usize) -> Vec<MinimalPair> {
    Paradigm::ALL.iter().flat_map(|paradigm| paradigm.pairs(seed, per_paradigm)).collect()
}

impl Paradigm {
    const ALL: [Self; 9] = [
        Self::SubjectVerb,
        Self::AcrossDistractor,
        Self::DeterminerNoun,
        Self::AnaphorGender,
        Self::AnaphorNumber,
        Self::IrregularPast,
        Self::TenseAdverb,
        Self::NegativePolarity,
        Self::PronounCase,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::SubjectVerb => "subject-verb-agreement",
            Self::AcrossDistractor => "agreement-across-distractor",
            Self::DeterminerNoun => "determiner-noun-agreement",
            Self::AnaphorGender => "anaphor-gender",
            Self::AnaphorNumber => "anaphor-number",
            Self::IrregularPast => "irregular-past",
            Self::TenseAdverb => "tense-adverb",
            Self::NegativePolarity => "negative-polarity",
            Self::PronounCase => "pronoun-case",
        }
    }

    fn pairs(self, seed: u64, count: usize) -> Vec<MinimalPair> {
        let mut draw = Draw::keyed(seed, Purpose::Pairs, self as u64);
        let mut seen = BTreeSet::new();
        let mut pairs = Vec::new();
        let mut patience = PATIENCE;
        while pairs.len() < count && patience > 0 {
            patience -= 1;
            let probe = self.probe(&mut draw);
            if !probe.clause.is_held_out() {
                continue;
            }
            let pair = probe.pair(self.name());
            if pair.good != pair.bad && seen.insert(pair.good.clone()) {
                pairs.push(pair);
                patience = PATIENCE;
            }
        }
        pairs
    }

    fn probe(self, draw: &mut Draw) -> Probe {
        let tense = *draw.one(&Tense::ALL);
        match self {
            Self::SubjectVerb => Probe::new(nearby_agreement(draw, Tense::Present), Rule::VerbNumber),
            Self::AcrossDistractor => {
                Probe::new(distant_agreement(draw, Tense::Present, Distractor::Mismatched), Rule::VerbNumber)
            }
            Self::DeterminerNoun => {
                let subject = anybody(draw);
                Probe::new(handling(draw, tense, subject), Rule::DeterminerNumber)
            }
            Self::AnaphorGender => anaphor_gender(draw, tense),
            Self::AnaphorNumber => anaphor_number(draw),
            Self::IrregularPast => {
                let subject = anybody(draw);
                let (tense, experienced) =
                    if draw.chance(50) { (Tense::Past, Experienced::Now) } else { (tense, Experienced::Before) };
                Probe::new(experience(draw, tense, subject, experienced), Rule::PastForm)
            }
            Self::TenseAdverb => Probe {
                clause: nearby_agreement(draw, tense),
                opener: Some(tense_opener(tense)),
                fault: Fault::OtherTense,
            },
            Self::NegativePolarity => {
                let subject = anybody(draw);
                Probe::new(experience(draw, tense, subject, Experienced::NotEver), Rule::Licensing)
            }
            Self::PronounCase => pronoun_case(draw, tense),
        }
    }
}

impl Probe {
    fn new(clause: Clause, rule: Rule) -> Self {
        Self { clause, opener: None, fault: Fault::Broken(rule) }
    }

    fn pair(&self, paradigm: &'static str) -> MinimalPair {
        let bad = match self.fault {
            Fault::Broken(rule) => self.clause.words_breaking(Some(rule)),
            Fault::OtherTense => self.clause.clone().in_other_tense().words(),
        };
        MinimalPair {
            paradigm,
            good: written(self.opener, &self.clause.words().join(" ")),
            bad: written(self.opener, &bad.join(" ")),
        }
    }
}

/// `Tom washes himself` against `herself`: the subject's gender is a fact of the lexicon.
fn anaphor_gender(draw: &mut Draw, tense: Tense) -> Probe {
    let subject = if draw.chance(60) {
        NounPhrase::Name(draw.one(NAMES))
    } else {
        Common::new(Determiner::Definite, draw.one(GENDERED), Number::Singular).into()
    };
    let other = match subject.agreement() {
        Agreement::Feminine => Agreement::Masculine,
        _ => Agreement::Feminine,
    };
    Probe::new(self_directed(draw, tense, subject), Rule::Reflexive(other))
}

/// `Tom and Lily washed themselves` against `himself`, and the other way round.
///
/// In the past, where the verb has one form and does not give the number away.
fn anaphor_number(draw: &mut Draw) -> Probe {
    let noun = draw.one(GENDERED);
    let [first, second] = two_names(draw);
    let named = draw.chance(50);
    let (subject, other) = match draw.one(&Number::ALL) {
        Number::Singular if named => (first, Agreement::Plural),
        Number::Singular => (Common::new(Determiner::Definite, noun, Number::Singular).into(), Agreement::Plural),
        Number::Plural if named => {
            let other = second.agreement();
            (NounPhrase::joined(first, second), other)
        }
        Number::Plural => (Common::new(Determiner::Definite, noun, Number::Plural).into(), noun.agreement),
    };
    Probe::new(self_directed(draw, Tense::Past, subject), Rule::Reflexive(other))
}

/// `she helps him` against `she helps he`.
fn pronoun_case(draw: &mut Draw, tense: Tense) -> Probe {
    let pronouns = [Agreement::Feminine, Agreement::Masculine, Agreement::Plural];
    let object = *draw.one(&pronouns);
    let subject = loop {
        let subject = *draw.one(&pronouns);
        if subject != object {
            break subject;
        }
    };
    let clause = meeting(draw, tense, NounPhrase::Pronoun(subject), NounPhrase::Pronoun(object));
    Probe::new(clause, Rule::ObjectCase)
}
