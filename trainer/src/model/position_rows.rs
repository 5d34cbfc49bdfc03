//! Which row of RoBERTa's table of positions a token takes.

use tch::{Kind, Tensor};

/// `[T]`: the rows of these `tokens`, whose places in their stories are `places`, counted from 0; stories lie end to
/// end.
///
/// As `create_position_ids_from_input_ids` of transformers: cumsum(id ≠ padding)·(id ≠ padding) over the story, without
/// the rows that lie before padding's own in its table. So a padding id, which masking may draw and a text of ids may
/// hold, takes row 0, and what follows it is counted as if it were not there.
pub fn position_rows(tokens: &Tensor, places: &Tensor, padding: i64) -> Tensor {
    let counts = tokens.ne(padding).to_kind(Kind::Int64);
    let sums = counts.cumsum(0, Kind::Int64);
    // What the stories before have counted, read at the first token of each story.
    let first = Tensor::arange(tokens.size()[0], (Kind::Int64, tokens.device())) - places;
    let before = (&sums - &counts).index_select(0, &first);
    (sums - before) * counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `create_position_ids_from_input_ids` of transformers 5.23.0 gives, less the padding id, for the stories alone:
    /// [5, 0, 7, 0, 0, 8] → [1, 0, 2, 0, 0, 3] with padding 0 and [1, 2, 3, 4, 5, 6] with padding 1;
    /// [1, 6, 1] → [1, 2, 3] and [0, 1, 0].
    #[test]
    fn rows_are_those_of_transformers() {
        let tokens = Tensor::from_slice(&[5_i64, 0, 7, 0, 0, 8, 1, 6, 1]);
        let places = Tensor::from_slice(&[0_i64, 1, 2, 3, 4, 5, 0, 1, 2]);
        for (padding, expected) in [(0, [1_i64, 0, 2, 0, 0, 3, 1, 2, 3]), (1, [1, 2, 3, 4, 5, 6, 0, 1, 0])] {
            let rows = position_rows(&tokens, &places, padding);
            assert_eq!(Vec::<i64>::try_from(rows).unwrap(), expected, "padding {padding}");
        }
    }
}
