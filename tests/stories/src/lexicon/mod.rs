//! The words: every form of every noun and verb is written out, so nothing is derived by spelling rules.

mod nouns;
mod verbs;

pub(crate) use nouns::{ANIMALS, CHILDREN, FOOD, GENDERED, HIDING_PLACES, NAMES, NOISE, Name, Noun, PLACES, THINGS};
pub(crate) use verbs::{
    ACTIONS, AUXILIARY_DO, AUXILIARY_HAVE, BE, EXPERIENCES, HANDLED, MEETINGS, REFLEXIVES, Verb, word,
};

/// Looks of a person or an animal.
pub(crate) const CHARACTER_LOOKS: &[&str] = &["little", "big", "friendly", "young", "kind", "clever", "brave", "quiet"];

/// Looks of a thing.
pub(crate) const THING_LOOKS: &[&str] =
    &["red", "blue", "green", "yellow", "new", "old", "small", "big", "shiny", "soft"];

/// Looks of a place or of something that stands in it.
pub(crate) const PLACE_LOOKS: &[&str] = &["old", "big", "small", "tall", "green", "dark", "quiet"];

/// What somebody can be for a while.
pub(crate) const MOODS: &[&str] = &["happy", "tired", "hungry", "sad", "angry", "cold", "wet", "sleepy", "lonely"];

/// Relations that hold between somebody who rests or acts and a place beside which that happens.
pub(crate) const NEARNESS: &[&str] = &["near", "behind", "beside"];

/// Adverbs that close a clause.
pub(crate) const MANNERS: &[&str] = &["quietly", "slowly", "together", "alone", "again", "outside"];
