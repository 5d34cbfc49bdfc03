//! ReCoRD (Zhang et al. 2018, arXiv:1810.12885): which entity of a news article belongs in the gap of a sentence about
//! it? F1 over words and exact match, each the best over the right answers.
//!
//! A line is an article: `{"idx": 3, "passage": {"text": "Chelsea beat Olimpija …\n@highlight\nKurt Zouma scored",
//! "entities": [{"start": 0, "end": 6}, …]}, "qas": [{"idx": 7, "query": "The best was that @placeholder made it
//! hard.", "answers": [{"start": 13, "end": 20, "text": "Olimpija"}]}]}`, ends included. Every query becomes an item,
//! with a text for each different entity, of which the head says one number each; the highest wins:
//!
//! ```text
//! <s> Chelsea beat Olimpija … Kurt Zouma scored </s></s> The best was that Olimpija made it hard. </s>
//! ```
//!
//! All entities that are right share the probability that training asks for. Where both segments are too long, the
//! article loses its end. An article stays together when a part is held out.

use serde::Deserialize;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Cut, Input, Question};

/// The gap in a query.
pub const GAP: &str = "@placeholder";

/// Where the summary's sentences begin in an article.
const HIGHLIGHT: &str = "@highlight";

/// An article with its queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// The article.
    pub text: String,
    /// Its different entities, in the order of their first mention.
    pub entities: Vec<String>,
    /// The queries.
    pub queries: Vec<Query>,
}

/// A sentence with a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its id.
    pub id: String,
    /// The sentence.
    pub text: String,
    /// The right entities, as places in [`Example::entities`], ascending.
    pub answers: Vec<usize>,
}

#[derive(Deserialize)]
struct Line {
    idx: Id,
    passage: Passage,
    qas: Vec<QueryLine>,
}

#[derive(Deserialize)]
struct Passage {
    text: String,
    entities: Vec<Mention>,
}

#[derive(Deserialize)]
struct Mention {
    start: usize,
    end: usize,
}

#[derive(Deserialize)]
struct QueryLine {
    idx: Id,
    query: String,
    answers: Option<Vec<Answer>>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

/// Reads the articles of a file.
///
/// # Errors
/// See [`lines::read`].
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    lines::read(file, article, |example| {
        let queries = example.queries.iter().map(|query| example.item(query));
        std::iter::once(example.id.clone()).chain(queries).collect()
    })
}

fn article(line: Line) -> Result<Example, String> {
    lines::not_blank(&[("passage.text", &line.passage.text)])?;
    let mut entities = Vec::<String>::new();
    for Mention { start, end } in &line.passage.entities {
        let name = lines::characters(&line.passage.text, &(*start..end + 1));
        let name = name.ok_or_else(|| format!("the entity {start}..={end} lies outside of the passage"))?;
        if !entities.contains(&name) {
            entities.push(name);
        }
    }
    let query = |line: QueryLine| {
        if !line.query.contains(GAP) {
            return Err(format!("the query {:?} has no {GAP}", line.query));
        }
        let Some(texts) = line.answers else {
            return Err(format!("the query {:?} has no answers (test sets without labels cannot be used)", line.query));
        };
        let right = |entity: &String| texts.iter().any(|answer| answer.text == *entity);
        let answers: Vec<usize> = (0..entities.len()).filter(|index| right(&entities[*index])).collect();
        if answers.is_empty() {
            return Err(format!("no answer of the query {:?} is an entity of the passage", line.query));
        }
        Ok(Query { id: line.idx.to_string(), text: line.query, answers })
    };
    let queries = line.qas.into_iter().map(query).collect::<Result<_, _>>()?;
    Ok(Example { id: line.idx.to_string(), text: line.passage.text, entities, queries })
}

impl Example {
    /// What the network is asked: an item for every query.
    pub fn questions(&self) -> Vec<Question> {
        let article = self.text.replace(HIGHLIGHT, " ");
        let article = article.split_whitespace().collect::<Vec<_>>().join(" ");
        let question = |query: &Query| Question {
            item: self.item(query),
            source: self.id.clone(),
            family: self.item(query),
            inputs: self
                .entities
                .iter()
                .map(|name| Input {
                    name: name.clone(),
                    ..Input::pair(article.as_str(), query.text.replace(GAP, name), Cut::First)
                })
                .collect(),
            right: query.answers.clone(),
        };
        self.queries.iter().map(question).collect()
    }

    fn item(&self, query: &Query) -> String {
        format!("{}-{}", self.id, query.id)
    }
}
