//! Clauses: a subject, a verb group that agrees with it, and complements.

use crate::features::{Agreement, Number, Tense};
use crate::lexicon::{AUXILIARY_DO, AUXILIARY_HAVE, BE, Verb};
use crate::phrase::{Case, NounPhrase, Relation};

/// One clause of every [`HOLDOUT`] is kept out of every corpus.
const HOLDOUT: u64 = 10;
/// Shorter clauses are never held out: there are so few of them that stories would miss them.
const HOLDOUT_LEMMAS: usize = 4;

/// How the verb presents the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// `sings`
    Simple,
    /// `is singing`
    Progressive,
    /// `has sung`
    Perfect,
    /// `can sing`
    Possible,
}

/// An adverb inside the verb group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frequency {
    Never,
    Often,
    /// Needs a negation before it.
    Ever,
}

/// What follows the verb.
#[derive(Clone, Debug)]
pub(crate) enum Complement {
    /// `the ball`
    Object(NounPhrase),
    /// `herself`: agrees with the subject of its clause
    Reflexive,
    /// `near the river`
    Relation(Relation),
    /// `happy`, `quietly`
    Plain(&'static str),
    /// `to climb`
    Infinitive(&'static Verb),
}

/// A rule of the grammar that a clause can be made to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The finite verb has the number of its subject.
    VerbNumber,
    /// A reflexive agrees with its subject; broken, it agrees with this instead.
    Reflexive(Agreement),
    /// A noun has the number of its determiner.
    DeterminerNumber,
    /// The simple past takes the past form, the perfect the participle.
    PastForm,
    /// `ever` needs a negation; broken, `often` stands in the place of `not`.
    Licensing,
    /// An object pronoun is accusative.
    ObjectCase,
}

/// A finite clause.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    subject: NounPhrase,
    tense: Tense,
    verb: &'static Verb,
    aspect: Aspect,
    negated: bool,
    frequency: Option<Frequency>,
    complements: Vec<Complement>,
}

impl Clause {
    pub(crate) fn new(tense: Tense, subject: impl Into<NounPhrase>, verb: &'static Verb) -> Self {
        Self {
            subject: subject.into(),
            tense,
            verb,
            aspect: Aspect::Simple,
            negated: false,
            frequency: None,
            complements: Vec::new(),
        }
    }

    pub(crate) fn aspect(mut self, aspect: Aspect) -> Self {
        self.aspect = aspect;
        self
    }

    pub(crate) fn in_other_tense(mut self) -> Self {
        self.tense = self.tense.other();
        self
    }

    pub(crate) fn negated(mut self) -> Self {
        self.negated = true;
        self
    }

    pub(crate) fn frequency(mut self, frequency: Frequency) -> Self {
        self.frequency = Some(frequency);
        self
    }

    pub(crate) fn object(self, object: impl Into<NounPhrase>) -> Self {
        self.complement(Complement::Object(object.into()))
    }

    pub(crate) fn reflexive(self) -> Self {
        self.complement(Complement::Reflexive)
    }

    pub(crate) fn relation(self, preposition: &'static str, phrase: impl Into<NounPhrase>) -> Self {
        self.complement(Complement::Relation(Relation::new(preposition, phrase)))
    }

    pub(crate) fn plain(self, word: &'static str) -> Self {
        self.complement(Complement::Plain(word))
    }

    pub(crate) fn infinitive(self, verb: &'static Verb) -> Self {
        self.complement(Complement::Infinitive(verb))
    }

    pub(crate) fn complement(mut self, complement: Complement) -> Self {
        self.complements.push(complement);
        self
    }

    pub(crate) fn subject(&self) -> &NounPhrase {
        &self.subject
    }

    /// Whether somebody does something, rather than being in some state.
    pub(crate) fn is_action(&self) -> bool {
        self.verb != &BE
    }

    /// The words of the grammatical clause.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        self.words_breaking(None)
    }

    /// The words with one rule broken and everything else right.
    pub(crate) fn words_breaking(&self, rule: Option<Rule>) -> Vec<&'static str> {
        let mut words = Vec::new();
        self.subject.push_words(Case::Nominative, &mut words);
        self.push_verb_group(rule, &mut words);
        for complement in &self.complements {
            self.push_complement(complement, rule, &mut words);
        }
        words
    }

    /// Whether this combination of words, in whatever number, tense and polarity, is kept out of every corpus.
    ///
    /// It depends on the lemmas alone, not on a seed, so the good sentences of the probes are new to a model
    /// trained on any corpus.
    pub(crate) fn is_held_out(&self) -> bool {
        let lemmas = self.lemmas();
        lemmas.len() >= HOLDOUT_LEMMAS && (fnv1a(&lemmas) >> 32).is_multiple_of(HOLDOUT)
    }

    fn push_verb_group(&self, rule: Option<Rule>, words: &mut Vec<&'static str>) {
        let number = match (rule, self.subject.agreement().number()) {
            (Some(Rule::VerbNumber), number) => number.other(),
            (_, number) => number,
        };
        let not = match rule {
            Some(Rule::Licensing) => Frequency::Often.word(),
            _ => "not",
        };
        let adverbs = self.negated.then_some(not).into_iter().chain(self.frequency.map(Frequency::word));
        let [past, participle] = match rule {
            Some(Rule::PastForm) => [self.verb.participle, self.verb.past(number)],
            _ => [self.verb.past(number), self.verb.participle],
        };
        match (self.aspect, self.tense) {
            (Aspect::Simple, _) if self.negated && self.is_action() => {
                words.push(finite(&AUXILIARY_DO, self.tense, number));
                words.extend(adverbs);
                words.push(self.verb.base);
            }
            (Aspect::Simple, tense) => {
                words.push(match tense {
                    Tense::Present => self.verb.present(number),
                    Tense::Past => past,
                });
                words.extend(adverbs);
            }
            (Aspect::Progressive, tense) => {
                words.push(finite(&BE, tense, number));
                words.extend(adverbs);
                words.push(self.verb.progressive);
            }
            (Aspect::Perfect, tense) => {
                words.push(finite(&AUXILIARY_HAVE, tense, number));
                words.extend(adverbs);
                words.push(participle);
            }
            (Aspect::Possible, tense) => {
                words.push(match tense {
                    Tense::Present => "can",
                    Tense::Past => "could",
                });
                words.extend(adverbs);
                words.push(self.verb.base);
            }
        }
    }

    fn push_complement(&self, complement: &Complement, rule: Option<Rule>, words: &mut Vec<&'static str>) {
        match complement {
            Complement::Object(object) => match rule {
                Some(Rule::DeterminerNumber) => object.push_clashing_words(words),
                Some(Rule::ObjectCase) => object.push_words(Case::Nominative, words),
                _ => object.push_words(Case::Accusative, words),
            },
            Complement::Reflexive => words.push(match rule {
                Some(Rule::Reflexive(agreement)) => agreement.reflexive(),
                _ => self.subject.agreement().reflexive(),
            }),
            Complement::Relation(relation) => relation.push_words(words),
            Complement::Plain(word) => words.push(word),
            Complement::Infinitive(verb) => words.extend(["to", verb.base]),
        }
    }

    fn lemmas(&self) -> Vec<&'static str> {
        let mut lemmas = Vec::new();
        self.subject.push_lemmas(&mut lemmas);
        lemmas.push(self.verb.base);
        for complement in &self.complements {
            match complement {
                Complement::Object(object) => object.push_lemmas(&mut lemmas),
                Complement::Reflexive => lemmas.push("self"),
                Complement::Relation(relation) => relation.push_lemmas(&mut lemmas),
                Complement::Plain(word) => lemmas.push(word),
                Complement::Infinitive(verb) => lemmas.push(verb.base),
            }
        }
        lemmas
    }
}

impl Frequency {
    fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Often => "often",
            Self::Ever => "ever",
        }
    }
}

fn finite(verb: &Verb, tense: Tense, number: Number) -> &'static str {
    match tense {
        Tense::Present => verb.present(number),
        Tense::Past => verb.past(number),
    }
}

/// FNV-1a (64 bits) over the words, each closed by a zero byte.
fn fnv1a(words: &[&str]) -> u64 {
    words
        .iter()
        .flat_map(|word| word.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::{ANIMALS, HIDING_PLACES, REFLEXIVES, THINGS};
    use crate::phrase::{Common, Determiner};

    fn dogs_near_trees(dogs: Number, trees: Number) -> Common {
        let trees = Common::new(Determiner::Definite, &HIDING_PLACES[0], trees);
        Common::new(Determiner::Definite, &ANIMALS[0], dogs).modifier(Relation::new("near", trees))
    }

    #[test]
    fn the_verb_and_the_reflexive_agree_with_the_head_and_not_with_the_neighbour() {
        let texts = Number::ALL.map(|number| {
            let subject = dogs_near_trees(number, number.other());
            Clause::new(Tense::Present, subject, &REFLEXIVES[0]).reflexive().words().join(" ")
        });
        assert_eq!(texts, ["the dog near the trees washes itself", "the dogs near the tree wash themselves"]);
    }

    #[test]
    fn every_verb_group_has_its_auxiliary_in_the_right_form() {
        let clause = || Clause::new(Tense::Present, NounPhrase::Pronoun(Agreement::Feminine), &REFLEXIVES[1]);
        let groups = [
            clause().negated(),
            clause().aspect(Aspect::Progressive).in_other_tense(),
            clause().aspect(Aspect::Perfect).negated().frequency(Frequency::Ever),
            clause().aspect(Aspect::Possible).negated().in_other_tense(),
            Clause::new(Tense::Past, NounPhrase::Pronoun(Agreement::Plural), &BE).negated().plain("sad"),
        ];
        assert_eq!(
            groups.map(|clause| clause.words().join(" ")),
            ["she does not dry", "she was drying", "she has not ever dried", "she could not dry", "they were not sad"]
        );
    }

    #[test]
    fn a_broken_rule_changes_its_own_word() {
        let object = Common::new(Determiner::Near, &THINGS[0], Number::Plural);
        let clause = Clause::new(Tense::Present, dogs_near_trees(Number::Singular, Number::Plural), &REFLEXIVES[0])
            .object(object)
            .reflexive();
        let broken = [Rule::VerbNumber, Rule::DeterminerNumber, Rule::Reflexive(Agreement::Plural)];
        assert_eq!(
            broken.map(|rule| clause.words_breaking(Some(rule))[5..].join(" ")),
            ["wash these balls itself", "washes these ball itself", "washes these balls themselves"]
        );
    }

    #[test]
    fn a_combination_is_held_out_in_every_number_and_tense() {
        let fates: Vec<[bool; 4]> = REFLEXIVES
            .iter()
            .flat_map(|verb| THINGS.iter().map(move |thing| (verb, thing)))
            .map(|(verb, thing)| {
                let fate = |number: Number, tense| {
                    let object = Common::new(Determiner::Definite, thing, number.other());
                    Clause::new(tense, dogs_near_trees(number, number), verb).object(object).is_held_out()
                };
                let [one, many] = Number::ALL;
                [fate(one, Tense::Past), fate(one, Tense::Present), fate(many, Tense::Past), fate(many, Tense::Present)]
            })
            .collect();
        assert!(fates.iter().all(|fate| fate.iter().all(|held| *held == fate[0])));
        assert!(fates.iter().any(|fate| fate[0]) && fates.iter().any(|fate| !fate[0]));
    }
}
