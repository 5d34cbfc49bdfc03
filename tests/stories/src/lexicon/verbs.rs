//! Verbs, each with all of its forms.

use super::nouns::{ANIMALS, FOOD, Noun, THINGS};
use super::{CHARACTER_LOOKS, THING_LOOKS};
use crate::features::Number;

/// A verb with every form that the grammar uses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verb {
    pub(crate) base: &'static str,
    present: [&'static str; 2],
    past: [&'static str; 2],
    pub(crate) participle: &'static str,
    pub(crate) progressive: &'static str,
}

impl Verb {
    pub(crate) fn present(&self, number: Number) -> &'static str {
        self.present[number as usize]
    }

    pub(crate) fn past(&self, number: Number) -> &'static str {
        self.past[number as usize]
    }
}

const fn verb(forms: [&'static str; 5]) -> Verb {
    let [base, third, past, participle, progressive] = forms;
    Verb { base, present: [third, base], past: [past, past], participle, progressive }
}

/// `be`, the one verb whose past agrees in number.
pub(crate) static BE: Verb =
    Verb { base: "be", present: ["is", "are"], past: ["was", "were"], participle: "been", progressive: "being" };
/// The auxiliary of negation in the simple tenses.
pub(crate) static AUXILIARY_DO: Verb = verb(["do", "does", "did", "done", "doing"]);
/// The auxiliary of the perfect.
pub(crate) static AUXILIARY_HAVE: Verb = verb(["have", "has", "had", "had", "having"]);

/// The verbs that plots call by name.
pub(crate) mod word {
    use super::{Verb, verb};

    macro_rules! verbs {
        ($($name:ident: $forms:expr;)*) => {
            $(pub(crate) static $name: Verb = verb($forms);)*
        };
    }

    verbs! {
        BREAK: ["break", "breaks", "broke", "broken", "breaking"];
        MAKE: ["make", "makes", "made", "made", "making"];
        CALL: ["call", "calls", "called", "called", "calling"];
        CLIMB: ["climb", "climbs", "climbed", "climbed", "climbing"];
        COME: ["come", "comes", "came", "come", "coming"];
        FALL: ["fall", "falls", "fell", "fallen", "falling"];
        FIND: ["find", "finds", "found", "found", "finding"];
        GIVE: ["give", "gives", "gave", "given", "giving"];
        GO: ["go", "goes", "went", "gone", "going"];
        HAVE: ["have", "has", "had", "had", "having"];
        HEAR: ["hear", "hears", "heard", "heard", "hearing"];
        HIDE: ["hide", "hides", "hid", "hidden", "hiding"];
        HUG: ["hug", "hugs", "hugged", "hugged", "hugging"];
        HURT: ["hurt", "hurts", "hurt", "hurt", "hurting"];
        LOOK: ["look", "looks", "looked", "looked", "looking"];
        LOSE: ["lose", "loses", "lost", "lost", "losing"];
        PLAY: ["play", "plays", "played", "played", "playing"];
        REACH: ["reach", "reaches", "reached", "reached", "reaching"];
        RUN: ["run", "runs", "ran", "run", "running"];
        SAY: ["say", "says", "said", "said", "saying"];
        SEE: ["see", "sees", "saw", "seen", "seeing"];
        SHARE: ["share", "shares", "shared", "shared", "sharing"];
        TAKE: ["take", "takes", "took", "taken", "taking"];
        TRY: ["try", "tries", "tried", "tried", "trying"];
        WALK: ["walk", "walks", "walked", "walked", "walking"];
        WANT: ["want", "wants", "wanted", "wanted", "wanting"];
    }
}

/// What anybody may do anywhere.
pub(crate) static ACTIONS: &[Verb] = &[
    verb(["sleep", "sleeps", "slept", "slept", "sleeping"]),
    verb(["sing", "sings", "sang", "sung", "singing"]),
    verb(["jump", "jumps", "jumped", "jumped", "jumping"]),
    verb(["play", "plays", "played", "played", "playing"]),
    verb(["wait", "waits", "waited", "waited", "waiting"]),
    verb(["dance", "dances", "danced", "danced", "dancing"]),
    verb(["sit", "sits", "sat", "sat", "sitting"]),
    verb(["rest", "rests", "rested", "rested", "resting"]),
    verb(["run", "runs", "ran", "run", "running"]),
    verb(["walk", "walks", "walked", "walked", "walking"]),
];

/// What one does to oneself.
pub(crate) static REFLEXIVES: &[Verb] = &[
    verb(["wash", "washes", "washed", "washed", "washing"]),
    verb(["dry", "dries", "dried", "dried", "drying"]),
    verb(["clean", "cleans", "cleaned", "cleaned", "cleaning"]),
    verb(["warm", "warms", "warmed", "warmed", "warming"]),
    verb(["enjoy", "enjoys", "enjoyed", "enjoyed", "enjoying"]),
];

/// What one character does to another.
pub(crate) static MEETINGS: &[Verb] = &[
    verb(["help", "helps", "helped", "helped", "helping"]),
    verb(["hug", "hugs", "hugged", "hugged", "hugging"]),
    verb(["follow", "follows", "followed", "followed", "following"]),
    verb(["thank", "thanks", "thanked", "thanked", "thanking"]),
    verb(["meet", "meets", "met", "met", "meeting"]),
];

/// What one does with any thing, many or few.
pub(crate) static HANDLED: &[Verb] = &[
    verb(["like", "likes", "liked", "liked", "liking"]),
    verb(["want", "wants", "wanted", "wanted", "wanting"]),
    verb(["carry", "carries", "carried", "carried", "carrying"]),
    verb(["find", "finds", "found", "found", "finding"]),
];

/// An irregular verb whose past and participle differ, and what it can be done to.
#[derive(Debug)]
pub(crate) struct Experience {
    pub(crate) verb: Verb,
    pub(crate) objects: &'static [Noun],
    pub(crate) looks: &'static [&'static str],
}

const fn experience(forms: [&'static str; 5], objects: &'static [Noun], looks: &'static [&'static str]) -> Experience {
    Experience { verb: verb(forms), objects, looks }
}

/// What one may have done before the story, or never.
pub(crate) static EXPERIENCES: &[Experience] = &[
    experience(["see", "sees", "saw", "seen", "seeing"], ANIMALS, CHARACTER_LOOKS),
    experience(["ride", "rides", "rode", "ridden", "riding"], ANIMALS, CHARACTER_LOOKS),
    experience(["draw", "draws", "drew", "drawn", "drawing"], ANIMALS, CHARACTER_LOOKS),
    experience(["eat", "eats", "ate", "eaten", "eating"], FOOD, THING_LOOKS),
    experience(["steal", "steals", "stole", "stolen", "stealing"], FOOD, THING_LOOKS),
    experience(["take", "takes", "took", "taken", "taking"], THINGS, THING_LOOKS),
    experience(["break", "breaks", "broke", "broken", "breaking"], THINGS, THING_LOOKS),
    experience(["throw", "throws", "threw", "thrown", "throwing"], THINGS, THING_LOOKS),
    experience(["choose", "chooses", "chose", "chosen", "choosing"], THINGS, THING_LOOKS),
];
