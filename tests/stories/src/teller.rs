//! The teller: keeps tense, place and who was spoken of last, and collects the sentences of a story.

use crate::cast::{Cast, Role};
use crate::clause::Clause;
use crate::draw::Draw;
use crate::features::{Agreement, Number, Tense};
use crate::lexicon::{Noun, PLACES, Verb};
use crate::phrase::{Common, Determiner, NounPhrase};
use crate::sentence::{Link, Quote, Sentence};

/// A story while it is told.
#[derive(Debug)]
pub(crate) struct Teller<'a> {
    pub(crate) draw: &'a mut Draw,
    pub(crate) tense: Tense,
    pub(crate) place: &'static Noun,
    pub(crate) cast: Cast,
    /// Who the last clause was about; only they can be a pronoun in the next one.
    topic: Option<Role>,
    introduced: Vec<Role>,
    pub(crate) sentences: Vec<Sentence>,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(draw: &'a mut Draw) -> Self {
        let tense = *draw.one(&Tense::ALL);
        let place = draw.one(PLACES);
        let cast = Cast::draw(draw);
        Self { draw, tense, place, cast, topic: None, introduced: Vec::new(), sentences: Vec::new() }
    }

    /// Speaks of somebody as a subject and makes them the topic.
    pub(crate) fn subject(&mut self, role: Role) -> NounPhrase {
        let pronoun = self.topic.replace(role) == Some(role) && self.draw.chance(75);
        self.phrase(role, pronoun)
    }

    /// Speaks of somebody as an object; the topic stays.
    pub(crate) fn object(&mut self, role: Role) -> NounPhrase {
        let pronoun = self.introduced.contains(&role) && self.draw.chance(60);
        self.phrase(role, pronoun)
    }

    /// The pronoun of somebody who has been introduced.
    pub(crate) fn pronoun(&mut self, role: Role) -> NounPhrase {
        self.topic = Some(role);
        self.phrase(role, true)
    }

    /// Hero and friend together; `they` where one of them is already two names.
    pub(crate) fn both(&mut self) -> NounPhrase {
        self.topic = None;
        let parts = [&self.cast.hero, &self.cast.friend];
        if parts.iter().any(|character| matches!(character.reference, NounPhrase::Joined(_))) {
            return NounPhrase::Pronoun(Agreement::Plural);
        }
        let hero = self.phrase(Role::Hero, false);
        NounPhrase::joined(hero, self.phrase(Role::Friend, false))
    }

    fn phrase(&mut self, role: Role, pronoun: bool) -> NounPhrase {
        let character = self.cast.of(role);
        if !self.introduced.contains(&role) {
            self.introduced.push(role);
            character.introduction.clone()
        } else if pronoun {
            NounPhrase::Pronoun(character.agreement())
        } else {
            character.reference.clone()
        }
    }

    /// The place of the story: `the river`.
    pub(crate) fn here(&self) -> NounPhrase {
        Common::new(Determiner::Definite, self.place, Number::Singular).into()
    }

    /// A clause about somebody, in the tense of the story.
    pub(crate) fn about(&mut self, role: Role, verb: &'static Verb) -> Clause {
        let subject = self.subject(role);
        self.clause(subject, verb)
    }

    /// A clause in the tense of the story.
    pub(crate) fn clause(&self, subject: impl Into<NounPhrase>, verb: &'static Verb) -> Clause {
        Clause::new(self.tense, subject, verb)
    }

    pub(crate) fn tell(&mut self, clause: Clause) {
        self.sentences.push(Sentence::plain(clause));
    }

    pub(crate) fn tell_opened(&mut self, opener: &'static str, clause: Clause) {
        self.sentences.push(Sentence::opened(opener, clause));
    }

    pub(crate) fn tell_both(&mut self, first: Clause, link: Link, second: Clause) {
        self.sentences.push(Sentence::Statement { opener: None, first, second: Some((link, second)) });
    }

    /// A scenery sentence: the topic is somebody else for a moment.
    pub(crate) fn aside(&mut self, opener: Option<&'static str>, clause: Clause) {
        self.sentences.push(Sentence::Statement { opener, first: clause, second: None });
        self.topic = None;
    }

    pub(crate) fn speech(&mut self, role: Role, quote: Quote) {
        let speaker = self.subject(role);
        self.sentences.push(Sentence::Speech { quote, speaker, tense: self.tense });
    }
}
