//! What is wanted of a run on a cluster, and its line in an array file.

use serde::{Serialize, Serializer};
use spec::{RunId, RunSpec};

use super::needs::Needs;
use super::place::Place;
use crate::evaluation::Element;
use crate::supervise::Retry;

/// A run that somebody wants carried out, or measured, on a cluster.
#[derive(Debug, Clone)]
pub struct Wish<'sweep> {
    /// The run.
    pub spec: &'sweep RunSpec,
    /// What is measured of it; `None` where it is carried out.
    pub element: Option<Element>,
    /// Why it is not left as it is although it had ended.
    pub retry: Option<Retry>,
    /// What it asks for beyond what the sweep says.
    pub needs: Needs,
}

impl Wish<'_> {
    /// What it goes by.
    pub(super) fn id(&self) -> RunId {
        self.element.as_ref().map_or(self.spec.id, |element| element.id)
    }
}

/// A wish as a line of an array file, with every path as the nodes of a place name it.
pub(super) struct Line<'a>(pub(super) &'a Wish<'a>, pub(super) Place<'a>);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(wish, place) = self;
        match &wish.element {
            None => place.translate(wish.spec).serialize(serializer),
            Some(element) => place.translate_element(element).serialize(serializer),
        }
    }
}
