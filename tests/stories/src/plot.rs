//! The plots: somebody wants something, something is in the way, and it ends well.

use crate::cast::Role::{Friend, Hero};
use crate::clause::{Aspect, Clause};
use crate::features::{Number, Tense};
use crate::lexicon::{
    BE, FOOD, HIDING_PLACES, NOISE, Noun, THING_LOOKS, THINGS, Verb,
    word::{
        BREAK, CALL, CLIMB, COME, FALL, FIND, GIVE, GO, HAVE, HEAR, HIDE, HUG, HURT, LOOK, LOSE, MAKE, PLAY, REACH,
        RUN, SEE, SHARE, TAKE, TRY, WALK, WANT,
    },
};
use crate::phrase::{Common, Determiner, NounPhrase};
use crate::scene::{
    Distractor, Experienced, distant_agreement, experience, handling, meeting, nearby_agreement, self_directed,
};
use crate::sentence::{Link, Quote};
use crate::teller::Teller;

/// What drives a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plot {
    LostThing,
    OutOfReach,
    HungryFriend,
    StrangeNoise,
    BrokenWork,
    Fall,
    HiddenGift,
}

impl Plot {
    /// All plots, to draw from.
    pub(crate) const ALL: [Self; 7] = [
        Self::LostThing,
        Self::OutOfReach,
        Self::HungryFriend,
        Self::StrangeNoise,
        Self::BrokenWork,
        Self::Fall,
        Self::HiddenGift,
    ];

    /// Tells the whole story: opening, plot, ending.
    pub(crate) fn tell(self, teller: &mut Teller<'_>) {
        opening(teller);
        match self {
            Self::LostThing => lost_thing(teller),
            Self::OutOfReach => out_of_reach(teller),
            Self::HungryFriend => hungry_friend(teller),
            Self::StrangeNoise => strange_noise(teller),
            Self::BrokenWork => broken_work(teller),
            Self::Fall => fall(teller),
            Self::HiddenGift => hidden_gift(teller),
        }
        ending(teller);
    }
}

/// Tells where the hero is; in some stories the surroundings come first and take the opener.
fn opening(teller: &mut Teller<'_>) {
    let opener = opener(teller);
    if teller.draw.chance(25) {
        let clause = bystanders(teller);
        teller.aside(Some(opener), clause);
        let clause = arrival(teller);
        teller.tell(clause);
    } else {
        let clause = arrival(teller);
        teller.tell_opened(opener, clause);
        scenery(teller);
    }
}

/// An opener for any story, or the one that belongs to its tense.
fn opener(teller: &mut Teller<'_>) -> &'static str {
    if teller.draw.chance(50) {
        teller.draw.one::<&str>(&["One day", "One morning", "One sunny day"])
    } else {
        tense_opener(teller.tense)
    }
}

/// The opener that only one tense allows.
pub(crate) fn tense_opener(tense: Tense) -> &'static str {
    match tense {
        Tense::Present => "Right now",
        Tense::Past => "Yesterday",
    }
}

fn arrival(teller: &mut Teller<'_>) -> Clause {
    let here = teller.here();
    match teller.draw.one(&[0, 1, 2]) {
        0 => {
            let verb: &'static Verb = teller.draw.one::<&Verb>(&[&GO, &WALK, &RUN]);
            teller.about(Hero, verb).aspect(Aspect::Progressive).relation("to", here)
        }
        1 => teller.about(Hero, &BE).relation("near", here),
        _ => teller.about(Hero, &PLAY).aspect(Aspect::Progressive).relation("near", here),
    }
}

/// Often a sentence about the hero, always one about the surroundings.
fn scenery(teller: &mut Teller<'_>) {
    if teller.draw.chance(45) {
        let clause = habit(teller);
        teller.tell(clause);
    }
    let clause = bystanders(teller);
    teller.aside(None, clause);
}

/// What the hero likes or has done.
fn habit(teller: &mut Teller<'_>) -> Clause {
    let tense = teller.tense;
    let subject = teller.subject(Hero);
    if teller.draw.chance(45) {
        return handling(teller.draw, tense, subject);
    }
    let experienced = *teller.draw.one(&[
        Experienced::Now,
        Experienced::Before,
        Experienced::Never,
        Experienced::Often,
        Experienced::NotEver,
        Experienced::NotEver,
    ]);
    experience(teller.draw, tense, subject, experienced)
}

/// What others do around the hero; nobody who could be taken for one of the cast.
fn bystanders(teller: &mut Teller<'_>) -> Clause {
    let tense = teller.tense;
    loop {
        let clause = if teller.draw.chance(60) {
            distant_agreement(teller.draw, tense, Distractor::Any)
        } else {
            nearby_agreement(teller.draw, tense)
        };
        if !teller.cast.is_like(clause.subject()) {
            return clause;
        }
    }
}

fn landmark(teller: &mut Teller<'_>, determiner: Determiner) -> NounPhrase {
    Common::new(determiner, teller.draw.one(HIDING_PLACES), Number::Singular).into()
}

/// A thing with a look, as the story first speaks of it and as it speaks of it later.
fn thing(teller: &mut Teller<'_>, nouns: &'static [Noun], determiner: Determiner) -> [NounPhrase; 2] {
    let noun = teller.draw.one(nouns);
    let look = *teller.draw.one(THING_LOOKS);
    [
        Common::new(determiner, noun, Number::Singular).look(Some(look)).into(),
        Common::new(Determiner::Definite, noun, Number::Singular).into(),
    ]
}

fn lost_thing(teller: &mut Teller<'_>) {
    let owner = Determiner::Possessive(teller.cast.hero.agreement());
    let [first, again] = thing(teller, THINGS, owner);
    let lost = teller.about(Hero, &LOSE).object(first);
    teller.tell(lost);
    let [tree, wall] = [landmark(teller, Determiner::Definite), landmark(teller, Determiner::Definite)];
    let look = teller.about(Hero, &LOOK).relation("behind", tree);
    let miss = teller.pronoun(Hero);
    let miss = teller.clause(miss, &FIND).aspect(Aspect::Possible).negated().object(again.clone());
    teller.tell_both(look, Link::But, miss);
    teller.speech(Friend, Quote::Trouble);
    let look = teller.about(Friend, &LOOK).relation("under", wall);
    let found = teller.pronoun(Friend);
    let found = teller.clause(found, &FIND).object(again);
    teller.tell_both(look, Link::And, found);
    teller.speech(Hero, Quote::Thanks);
}

fn out_of_reach(teller: &mut Teller<'_>) {
    let [first, again] = thing(teller, THINGS, Determiner::Indefinite);
    let tree = Common::new(Determiner::Definite, &HIDING_PLACES[0], Number::Singular).look(Some("tall"));
    let seen = teller.about(Hero, &SEE).object(first).relation("in", tree.clone());
    teller.tell(seen);
    let want = teller.about(Hero, &WANT).object(again.clone());
    let short = teller.pronoun(Hero);
    let short = teller.clause(short, &REACH).aspect(Aspect::Possible).negated().object(again.clone());
    teller.tell_both(want, Link::But, short);
    teller.speech(Friend, Quote::Offer);
    let climb = teller.about(Friend, &CLIMB).object(tree);
    let give = teller.pronoun(Friend);
    let hero = teller.object(Hero);
    let give = teller.clause(give, &GIVE).object(again).relation("to", hero);
    teller.tell_both(climb, Link::And, give);
}

fn hungry_friend(teller: &mut Teller<'_>) {
    let food = teller.draw.one(FOOD);
    let have = teller.about(Hero, &HAVE).object(Common::new(Determiner::Two, food, Number::Plural));
    teller.tell(have);
    let here = teller.here();
    let come = teller.about(Friend, &COME).relation("to", here);
    teller.tell(come);
    let sad = teller.about(Friend, &BE).plain("sad");
    let hungry = teller.pronoun(Friend);
    let hungry = teller.clause(hungry, &BE).plain("hungry");
    teller.tell_both(sad, Link::Because, hungry);
    teller.speech(Hero, Quote::Comfort);
    let friend = teller.object(Friend);
    let share = teller
        .about(Hero, &SHARE)
        .object(Common::new(Determiner::Definite, food, Number::Plural))
        .relation("with", friend);
    teller.tell(share);
}

fn strange_noise(teller: &mut Teller<'_>) {
    let bush = landmark(teller, Determiner::Indefinite);
    let noise = Common::new(Determiner::Indefinite, &NOISE, Number::Singular).look(Some("loud"));
    let heard = teller.about(Hero, &HEAR).object(noise).relation("behind", bush);
    teller.tell(heard);
    let afraid = teller.about(Hero, &BE).plain("afraid");
    let run = teller.pronoun(Hero);
    let run = teller.clause(run, &WANT).infinitive(&RUN).plain("home");
    teller.tell_both(afraid, Link::And, run);
    teller.speech(Friend, Quote::Courage);
    let friend = teller.object(Friend);
    let saw = teller.about(Hero, &SEE).object(friend);
    let calm = teller.pronoun(Hero);
    let calm = teller.clause(calm, &BE).negated().plain("afraid");
    teller.tell_both(saw, Link::So, calm);
}

fn broken_work(teller: &mut Teller<'_>) {
    let [first, again] = thing(teller, THINGS, Determiner::Indefinite);
    let want = teller.about(Hero, &WANT).infinitive(&MAKE).object(first);
    teller.tell(want);
    let attempt = teller.about(Hero, &TRY);
    let broke = teller.clause(again.clone(), &BREAK);
    teller.tell_both(attempt, Link::But, broke);
    let called = teller.object(Friend);
    let call = teller.about(Hero, &CALL).object(called);
    teller.tell(call);
    teller.speech(Friend, Quote::Offer);
    let both = teller.both();
    let build = teller.clause(both, &MAKE).object(again).plain("together");
    teller.tell(build);
}

fn fall(teller: &mut Teller<'_>) {
    let rock = landmark(teller, Determiner::Indefinite);
    let climb = teller.about(Hero, &CLIMB).object(rock);
    let down = teller.pronoun(Hero);
    let down = teller.clause(down, &FALL).plain("down");
    teller.tell_both(climb, Link::But, down);
    let hurt = teller.about(Hero, &HURT).reflexive();
    teller.tell(hurt);
    teller.speech(Hero, Quote::Plea);
    let hero = teller.object(Hero);
    let run = teller.about(Friend, &RUN).relation("to", hero.clone());
    let take = teller.pronoun(Friend);
    let take = teller.clause(take, &TAKE).object(hero).plain("home");
    teller.tell_both(run, Link::And, take);
}

fn hidden_gift(teller: &mut Teller<'_>) {
    let [first, again] = thing(teller, THINGS, Determiner::Indefinite);
    let friend = teller.object(Friend);
    let have = teller.about(Hero, &HAVE).object(first).relation("for", friend);
    teller.tell(have);
    let tree = landmark(teller, Determiner::Definite);
    let hide = teller.about(Hero, &HIDE).object(again.clone()).relation("behind", tree.clone());
    teller.tell(hide);
    let look = teller.about(Friend, &LOOK).relation("behind", tree);
    let found = teller.pronoun(Friend);
    let found = teller.clause(found, &FIND).object(again);
    teller.tell_both(look, Link::And, found);
    let quote = *teller.draw.one(&[Quote::Surprise, Quote::Thanks]);
    teller.speech(Friend, quote);
}

fn ending(teller: &mut Teller<'_>) {
    let tense = teller.tense;
    if teller.draw.chance(30) {
        let subject = teller.subject(Hero);
        let object = NounPhrase::Pronoun(teller.cast.friend.agreement());
        let clause = meeting(teller.draw, tense, subject, object);
        teller.tell(clause);
    }
    match teller.draw.one(&[0, 1, 2, 3, 4, 5]) {
        0 => {
            let proud = teller.about(Hero, &BE).plain("proud").plain("of").reflexive();
            teller.tell(proud);
        }
        1 | 2 => {
            let subject = teller.subject(Hero);
            let clause = self_directed(teller.draw, tense, subject);
            teller.tell(clause);
        }
        3 => {
            let both = teller.both();
            let clause = teller.clause(both, &BE).plain("happy");
            teller.tell(clause);
        }
        4 => {
            let both = teller.both();
            let clause = teller.clause(both, &GO).plain("home").plain("together");
            teller.tell(clause);
        }
        _ => {
            let friend = teller.object(Friend);
            let clause = teller.about(Hero, &HUG).object(friend);
            teller.tell(clause);
            teller.speech(Friend, Quote::Joy);
        }
    }
}
