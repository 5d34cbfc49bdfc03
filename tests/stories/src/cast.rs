//! Who is in a story, and how the story speaks of them.

use crate::draw::Draw;
use crate::features::{Agreement, Number};
use crate::lexicon::{ANIMALS, CHARACTER_LOOKS, CHILDREN, NAMES, Name, Noun};
use crate::phrase::{Common, Determiner, NounPhrase};
use crate::scene::two_names;

/// A part in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Hero,
    Friend,
}

/// Somebody in a story.
#[derive(Clone, Debug)]
pub(crate) struct Character {
    /// How the story first speaks of them: `a little fox`.
    pub(crate) introduction: NounPhrase,
    /// How it speaks of them from then on: `the fox`.
    pub(crate) reference: NounPhrase,
}

impl Character {
    fn draw(draw: &mut Draw) -> Self {
        match draw.one(&[0, 1, 1, 2, 3, 3, 4]) {
            0 => Self::pair(draw),
            1 => Self::known(NounPhrase::Name(draw.one(NAMES))),
            2 => Self::named(draw),
            3 => Self::animals(draw, Number::Singular),
            _ => Self::animals(draw, Number::Plural),
        }
    }

    fn known(reference: NounPhrase) -> Self {
        Self { introduction: reference.clone(), reference }
    }

    fn pair(draw: &mut Draw) -> Self {
        let [first, second] = two_names(draw);
        Self::known(NounPhrase::joined(first, second))
    }

    /// A child or an animal that is introduced with its name.
    fn named(draw: &mut Draw) -> Self {
        let name: &'static Name = draw.one(NAMES);
        let noun: &'static Noun = match (draw.chance(50), name.agreement) {
            (true, Agreement::Feminine) => CHILDREN[0],
            (true, _) => CHILDREN[1],
            (false, _) => draw.one(ANIMALS),
        };
        let common = Common::new(Determiner::Indefinite, noun, Number::Singular)
            .look(draw.maybe(60, |draw| *draw.one(CHARACTER_LOOKS)));
        Self { introduction: NounPhrase::Introduced(common, name), reference: NounPhrase::Name(name) }
    }

    fn animals(draw: &mut Draw, number: Number) -> Self {
        let noun: &'static Noun = draw.one(ANIMALS);
        let determiner = match number {
            Number::Singular => Determiner::Indefinite,
            Number::Plural => Determiner::Two,
        };
        let look = draw.maybe(60, |draw| *draw.one(CHARACTER_LOOKS));
        Self {
            introduction: Common::new(determiner, noun, number).look(look).into(),
            reference: Common::new(Determiner::Definite, noun, number).into(),
        }
    }

    fn is_like(&self, phrase: &NounPhrase) -> bool {
        self.introduction.noun().is_some_and(|noun| phrase.noun() == Some(noun))
    }

    pub(crate) fn agreement(&self) -> Agreement {
        self.reference.agreement()
    }
}

/// The characters of a story.
///
/// Hero and friend differ in agreement, so that every pronoun has one possible antecedent, and in noun, so that
/// `the fox` is one of them.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) hero: Character,
    pub(crate) friend: Character,
}

impl Cast {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let hero = Character::draw(draw);
        let friend = loop {
            let friend = Character::draw(draw);
            if friend.agreement() != hero.agreement() && !friend.is_like(&hero.introduction) {
                break friend;
            }
        };
        Self { hero, friend }
    }

    /// Whether a phrase could be taken for hero or friend.
    pub(crate) fn is_like(&self, phrase: &NounPhrase) -> bool {
        self.hero.is_like(phrase) || self.friend.is_like(phrase)
    }

    pub(crate) fn of(&self, role: Role) -> &Character {
        match role {
            Role::Hero => &self.hero,
            Role::Friend => &self.friend,
        }
    }
}
