//! Short stories and minimal pairs from a small grammar.
//!
//! The demo study and the end-to-end tests need a corpus that every machine can make, byte for byte, and probes
//! whose right answer the grammar decides. [`corpus`] tells stories; [`minimal_pairs`] draws sentences from the
//! same clauses and breaks one rule in each; [`to_jsonl`] writes them as BLiMP does.
//!
//! Read in this order: `features` (number, gender, tense), `lexicon` (every form of every word), `phrase`,
//! `clause` (where agreement happens), `sentence`; then `scene` (clauses that stories and probes share), `cast`,
//! `teller`, `plot` and `story`; then `pairs` and `jsonl`.
//!
//! Invariants, each tested:
//! - Story `i` depends on (seed, `i`) alone; a longer corpus begins with the shorter one.
//! - A clause is data until it is written out, so agreement holds by construction, and a bad sentence breaks
//!   exactly the `Rule` it names.
//! - Clauses are held out by a hash of their lemmas, whatever the seed: no corpus tells the good sentence of a pair.
//! - Every word of a pair occurs in the corpus; a pair differs in one place and has one length.
//!
//! The crate reads and writes no files.

mod cast;
mod clause;
mod draw;
mod features;
mod jsonl;
mod lexicon;
mod pairs;
mod phrase;
mod plot;
mod scene;
mod sentence;
mod story;
mod teller;

pub use jsonl::to_jsonl;
pub use pairs::{MinimalPair, minimal_pairs};
pub use story::{END_OF_TEXT, Stories, corpus, corpus_text};
