//! Names and nouns.

use crate::features::{Agreement, Number};

/// A first name; its gender is a fact of the lexicon, which is what makes the gender probes decidable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: &'static str,
    pub(crate) agreement: Agreement,
}

/// A countable noun with both of its forms.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Noun {
    pub(crate) singular: &'static str,
    pub(crate) plural: &'static str,
    /// What a singular pronoun for this noun agrees with.
    pub(crate) agreement: Agreement,
}

impl Noun {
    pub(crate) fn form(&self, number: Number) -> &'static str {
        match number {
            Number::Singular => self.singular,
            Number::Plural => self.plural,
        }
    }
}

const fn she(text: &'static str) -> Name {
    Name { text, agreement: Agreement::Feminine }
}

const fn he(text: &'static str) -> Name {
    Name { text, agreement: Agreement::Masculine }
}

const fn noun(singular: &'static str, plural: &'static str) -> Noun {
    Noun { singular, plural, agreement: Agreement::Neuter }
}

const fn gendered(singular: &'static str, plural: &'static str, agreement: Agreement) -> Noun {
    Noun { singular, plural, agreement }
}

pub(crate) static NAMES: &[Name] = &[
    she("Lily"),
    she("Anna"),
    she("Mia"),
    she("Sue"),
    she("Rosa"),
    she("Kate"),
    she("Nora"),
    she("Emma"),
    he("Tom"),
    he("Ben"),
    he("Max"),
    he("Sam"),
    he("Leo"),
    he("Paul"),
    he("Jack"),
    he("Omar"),
];

pub(crate) static GENDERED: &[Noun] = &[
    gendered("girl", "girls", Agreement::Feminine),
    gendered("woman", "women", Agreement::Feminine),
    gendered("queen", "queens", Agreement::Feminine),
    gendered("boy", "boys", Agreement::Masculine),
    gendered("man", "men", Agreement::Masculine),
    gendered("king", "kings", Agreement::Masculine),
];

/// The noun that introduces a named child of each gender.
pub(crate) static CHILDREN: [&Noun; 2] = [&GENDERED[0], &GENDERED[3]];

pub(crate) static ANIMALS: &[Noun] = &[
    noun("dog", "dogs"),
    noun("cat", "cats"),
    noun("bird", "birds"),
    noun("fox", "foxes"),
    noun("rabbit", "rabbits"),
    noun("bear", "bears"),
    noun("mouse", "mice"),
    noun("duck", "ducks"),
    noun("goose", "geese"),
    noun("frog", "frogs"),
    noun("horse", "horses"),
    noun("pig", "pigs"),
];

pub(crate) static THINGS: &[Noun] = &[
    noun("ball", "balls"),
    noun("kite", "kites"),
    noun("hat", "hats"),
    noun("book", "books"),
    noun("boat", "boats"),
    noun("drum", "drums"),
    noun("bell", "bells"),
    noun("key", "keys"),
    noun("ring", "rings"),
    noun("doll", "dolls"),
    noun("cup", "cups"),
    noun("basket", "baskets"),
];

pub(crate) static FOOD: &[Noun] = &[
    noun("apple", "apples"),
    noun("pear", "pears"),
    noun("plum", "plums"),
    noun("cake", "cakes"),
    noun("carrot", "carrots"),
    noun("nut", "nuts"),
    noun("egg", "eggs"),
];

/// Where a story happens.
pub(crate) static PLACES: &[Noun] = &[
    noun("river", "rivers"),
    noun("lake", "lakes"),
    noun("forest", "forests"),
    noun("hill", "hills"),
    noun("garden", "gardens"),
    noun("barn", "barns"),
    noun("bridge", "bridges"),
    noun("field", "fields"),
    noun("cave", "caves"),
    noun("park", "parks"),
];

/// What one can stand near, look behind and hide under.
pub(crate) static HIDING_PLACES: &[Noun] = &[
    noun("tree", "trees"),
    noun("bush", "bushes"),
    noun("rock", "rocks"),
    noun("fence", "fences"),
    noun("wall", "walls"),
    noun("bench", "benches"),
    noun("table", "tables"),
    noun("flower", "flowers"),
];

/// What a frightened hero hears.
pub(crate) static NOISE: Noun = noun("noise", "noises");
