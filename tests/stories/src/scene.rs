//! The clauses that stories and probes have in common, each drawn freely from the lexicon.

use crate::clause::{Aspect, Clause, Complement, Frequency};
use crate::draw::Draw;
use crate::features::{Number, Tense};
use crate::lexicon::{
    ACTIONS, ANIMALS, BE, CHARACTER_LOOKS, EXPERIENCES, FOOD, GENDERED, HANDLED, HIDING_PLACES, MANNERS, MEETINGS,
    MOODS, NAMES, NEARNESS, PLACE_LOOKS, PLACES, REFLEXIVES, THING_LOOKS, THINGS,
};
use crate::phrase::{Common, Determiner, NounPhrase, Relation};

/// `near the old trees`: its nouns never act, so that what follows tells nothing about them.
pub(crate) fn surroundings(draw: &mut Draw, number: Number) -> Relation {
    let nouns = if draw.chance(60) { HIDING_PLACES } else { PLACES };
    let look = draw.maybe(20, |draw| *draw.one(PLACE_LOOKS));
    let phrase = Common::new(Determiner::Definite, draw.one(nouns), number).look(look);
    Relation::new(draw.one::<&str>(NEARNESS), phrase)
}

/// `the little dogs`
pub(crate) fn bystander(draw: &mut Draw, number: Number) -> Common {
    let nouns = if draw.chance(70) { ANIMALS } else { GENDERED };
    let look = draw.maybe(25, |draw| *draw.one(CHARACTER_LOOKS));
    Common::new(Determiner::Definite, draw.one(nouns), number).look(look)
}

/// Anybody of whom a clause can tell: a name, two names, or a bystander.
pub(crate) fn anybody(draw: &mut Draw) -> NounPhrase {
    if draw.chance(50) {
        return NounPhrase::Name(draw.one(NAMES));
    }
    if draw.chance(30) {
        let [first, second] = two_names(draw);
        return NounPhrase::joined(first, second);
    }
    let number = *draw.one(&Number::ALL);
    bystander(draw, number).into()
}

/// Two different names.
pub(crate) fn two_names(draw: &mut Draw) -> [NounPhrase; 2] {
    let first = draw.one(NAMES);
    let second = loop {
        let name = draw.one(NAMES);
        if name != first {
            break name;
        }
    };
    [NounPhrase::Name(first), NounPhrase::Name(second)]
}

/// `the dogs are singing near the tree`: the verb follows its subject at once.
pub(crate) fn nearby_agreement(draw: &mut Draw, tense: Tense) -> Clause {
    let number = *draw.one(&Number::ALL);
    let subject = bystander(draw, number);
    let clause = activity(draw, tense, subject);
    let number = *draw.one(&Number::ALL);
    clause.complement(Complement::Relation(surroundings(draw, number)))
}

/// `the dog near the trees sings quietly`: a phrase, often of the other number, stands before the verb.
pub(crate) fn distant_agreement(draw: &mut Draw, tense: Tense, distractor: Distractor) -> Clause {
    let number = *draw.one(&Number::ALL);
    let between = match distractor {
        Distractor::Any => *draw.one(&Number::ALL),
        Distractor::Mismatched => number.other(),
    };
    let modifier = surroundings(draw, between);
    let subject = bystander(draw, number).modifier(modifier);
    let clause = activity(draw, tense, subject);
    match draw.maybe(50, |draw| *draw.one(MANNERS)) {
        Some(manner) if clause.is_action() => clause.plain(manner),
        _ => clause,
    }
}

/// Which numbers the phrase between subject and verb may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distractor {
    Any,
    Mismatched,
}

/// The subject does something or is in some mood.
fn activity(draw: &mut Draw, tense: Tense, subject: Common) -> Clause {
    if draw.chance(25) {
        return Clause::new(tense, subject, &BE).plain(draw.one::<&str>(MOODS));
    }
    let aspect = if draw.chance(40) { Aspect::Progressive } else { Aspect::Simple };
    Clause::new(tense, subject, draw.one(ACTIONS)).aspect(aspect)
}

/// `Lily washes herself near the lake`
pub(crate) fn self_directed(draw: &mut Draw, tense: Tense, subject: NounPhrase) -> Clause {
    let number = *draw.one(&Number::ALL);
    Clause::new(tense, subject, draw.one(REFLEXIVES))
        .reflexive()
        .complement(Complement::Relation(surroundings(draw, number)))
}

/// `Lily likes these red flowers`
pub(crate) fn handling(draw: &mut Draw, tense: Tense, subject: NounPhrase) -> Clause {
    let nouns = *draw.one(&[THINGS, FOOD]);
    let number = *draw.one(&Number::ALL);
    let determiner = *draw.one(match number {
        Number::Singular => &[Determiner::Near, Determiner::Far, Determiner::Indefinite],
        Number::Plural => &[Determiner::Near, Determiner::Far, Determiner::Two],
    });
    let look = draw.maybe(40, |draw| *draw.one(THING_LOOKS));
    let object = Common::new(determiner, draw.one(nouns), number).look(look);
    Clause::new(tense, subject, draw.one(HANDLED)).object(object)
}

/// `he helps her near the bridge`
pub(crate) fn meeting(draw: &mut Draw, tense: Tense, subject: NounPhrase, object: NounPhrase) -> Clause {
    let number = *draw.one(&Number::ALL);
    Clause::new(tense, subject, draw.one(MEETINGS))
        .object(object)
        .complement(Complement::Relation(surroundings(draw, number)))
}

/// What a clause says of somebody's experience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Experienced {
    /// `drew a horse`
    Now,
    /// `has drawn a horse`
    Before,
    /// `has never drawn a horse`
    Never,
    /// `has often drawn a horse`
    Often,
    /// `has not ever drawn a horse`
    NotEver,
}

/// `Tom has not ever seen a bear near the river`
pub(crate) fn experience(draw: &mut Draw, tense: Tense, subject: NounPhrase, experienced: Experienced) -> Clause {
    let experience = draw.one(EXPERIENCES);
    let look = draw.maybe(40, |draw| *draw.one(experience.looks));
    let object = Common::new(Determiner::Indefinite, draw.one(experience.objects), Number::Singular).look(look);
    let clause = Clause::new(tense, subject, &experience.verb).object(object);
    let clause = match draw.maybe(50, |draw| surroundings(draw, Number::Singular)) {
        Some(place) => clause.complement(Complement::Relation(place)),
        None => clause,
    };
    match experienced {
        Experienced::Now => clause,
        Experienced::Before => clause.aspect(Aspect::Perfect),
        Experienced::Never => clause.aspect(Aspect::Perfect).frequency(Frequency::Never),
        Experienced::Often => clause.aspect(Aspect::Perfect).frequency(Frequency::Often),
        Experienced::NotEver => clause.aspect(Aspect::Perfect).negated().frequency(Frequency::Ever),
    }
}
