//! Sentences in the order of their tokens, those that begin alike laid together.
//!
//! Of the 1.64 million tokens of BLiMP's sentences (10,000-token BPE of TinyStories) a decoder then computes 56 in 100:
//! a beginning is computed once for all sentences that share it, and the last token of a sentence, which nothing
//! follows, never.

use crate::model::Tree;

/// A part of the sentences as a tree.
#[derive(Debug, Default, PartialEq)]
pub struct PrefixTree {
    tokens: Vec<i64>,
    positions: Vec<i64>,
    paths: Vec<Vec<usize>>,
    /// Each question: the node at which it is asked, and the token that is asked for.
    questions: Vec<(i64, i64)>,
    /// The questions of each sentence.
    sentences: Vec<Vec<usize>>,
}

impl PrefixTree {
    /// Lays as many of `sentences` together as fit `most_tokens` nodes, at least one; gives how many those are. Each
    /// begins with `first`, which is not asked for.
    pub fn grow<'a>(first: u16, sentences: impl IntoIterator<Item = &'a [u16]>, most_tokens: usize) -> Self {
        let mut tree = Self::default();
        // The nodes and questions of the last sentence, from the root.
        let (mut nodes, mut questions): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut last: &[u16] = &[];
        for sentence in sentences {
            let shared = last.iter().zip(sentence).take_while(|(one, other)| one == other).count();
            // Node k is the beginning of k tokens after the first one; the whole sentence is no node.
            let kept = if tree.sentences.is_empty() { 0 } else { nodes.len().min(shared + 1) };
            if tree.tokens.len() + sentence.len().saturating_sub(kept) > most_tokens && !tree.sentences.is_empty() {
                break;
            }
            if kept.min(sentence.len()) < nodes.len() {
                tree.paths.push(nodes.clone());
            }
            nodes.truncate(kept.min(sentence.len()));
            questions.truncate(shared);
            for depth in nodes.len()..sentence.len() {
                nodes.push(tree.tokens.len());
                tree.tokens.push(i64::from(if depth == 0 { first } else { sentence[depth - 1] }));
                tree.positions.push(depth as i64);
            }
            for depth in questions.len()..sentence.len() {
                questions.push(tree.questions.len());
                tree.questions.push((nodes[depth] as i64, i64::from(sentence[depth])));
            }
            tree.sentences.push(questions.clone());
            last = sentence;
        }
        tree.paths.push(nodes);
        tree
    }

    /// How many sentences it holds.
    pub fn count(&self) -> usize {
        self.sentences.len()
    }

    /// The sum of ln p over each sentence's tokens; `answer` gives ln p of every question of a tree.
    pub fn sums(&self, answer: impl FnOnce(&Tree<'_>) -> Vec<f64>) -> Vec<f64> {
        if self.questions.is_empty() {
            return vec![0.0; self.count()];
        }
        // A network wants the places where it is asked in their order.
        let mut order: Vec<usize> = (0..self.questions.len()).collect();
        order.sort_by_key(|question| self.questions[*question].0);
        let (asked, targets): (Vec<i64>, Vec<i64>) = order.iter().map(|question| self.questions[*question]).unzip();
        let tree = Tree {
            tokens: &self.tokens,
            positions: &self.positions,
            paths: &self.paths,
            asked: &asked,
            targets: &targets,
        };
        let mut answers = vec![0.0; order.len()];
        for (question, answer) in order.iter().zip(answer(&tree)) {
            answers[*question] = answer;
        }
        let sum = |questions: &Vec<usize>| questions.iter().map(|question| answers[*question]).sum();
        self.sentences.iter().map(sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A number for every beginning and what follows it, as a language model has one.
    fn opinion(beginning: &[i64], next: i64) -> f64 {
        let mixed = beginning.iter().fold(7_i64, |sum, token| (sum * 31 + token) % 10_007);
        -(((mixed * 17 + next) % 1009) as f64)
    }

    fn answers(tree: &Tree<'_>) -> Vec<f64> {
        let beginning = |node: usize| {
            let path = tree.paths.iter().find(|path| path.contains(&node)).expect("every node lies on a path");
            let end = path.iter().position(|one| *one == node).unwrap();
            for (depth, place) in path.iter().enumerate() {
                assert_eq!(tree.positions[*place], depth as i64);
            }
            path[..=end].iter().map(|place| tree.tokens[*place]).collect::<Vec<_>>()
        };
        assert!(tree.asked.is_sorted());
        tree.asked.iter().zip(tree.targets).map(|(node, next)| opinion(&beginning(*node as usize), *next)).collect()
    }

    fn alone(sentence: &[u16]) -> f64 {
        let tokens: Vec<i64> = std::iter::once(1).chain(sentence.iter().map(|id| i64::from(*id))).collect();
        (1..tokens.len()).map(|end| opinion(&tokens[..end], tokens[end])).sum()
    }

    #[test]
    fn a_shared_beginning_is_one_node() {
        let sentences: [&[u16]; 5] = [&[5], &[5, 6, 7], &[5, 6, 8], &[5, 6, 8, 9], &[6, 7]];
        let tree = PrefixTree::grow(1, sentences, 100);
        assert_eq!(tree.count(), 5);
        assert_eq!(tree.tokens, [1, 5, 6, 8, 6]);
        assert_eq!(tree.paths, [vec![0, 1, 2, 3], vec![0, 4]]);
        assert_eq!(tree.questions.len(), 7);
    }

    proptest! {
        #[test]
        fn a_tree_says_of_each_sentence_what_is_said_of_it_alone(
            mut sentences in prop::collection::vec(prop::collection::vec(2_u16..6, 0..6), 1..40),
            most in 1_usize..40,
        ) {
            sentences.sort();
            let mut sums = Vec::new();
            while sums.len() < sentences.len() {
                let tree = PrefixTree::grow(1, sentences[sums.len()..].iter().map(Vec::as_slice), most);
                prop_assert!(tree.count() > 0);
                prop_assert!(tree.tokens.len() <= most || tree.count() == 1);
                let beginnings: std::collections::BTreeSet<&[u16]> = sentences[sums.len()..sums.len() + tree.count()]
                    .iter()
                    .flat_map(|sentence| (0..sentence.len()).map(|end| &sentence[..end]))
                    .collect();
                prop_assert_eq!(tree.tokens.len(), beginnings.len());
                sums.extend(tree.sums(answers));
            }
            let alone: Vec<f64> = sentences.iter().map(|sentence| alone(sentence)).collect();
            prop_assert_eq!(sums, alone);
        }
    }
}
