//! Attention of copies of one story, as evaluation asks it: all of one length, without dropout.

use tch::Tensor;

/// Attention of copies of the same length, each of whose tokens sees all of its copy; no dropout.
#[derive(Debug, Clone, Copy)]
pub struct Rectangle {
    /// Number of copies.
    pub copies: i64,
    /// Tokens of a copy.
    pub length: i64,
    /// Number of heads.
    pub heads: i64,
    /// Factor of the scores.
    pub scale: f64,
}

impl Rectangle {
    /// `[copies · length, hidden]` from queries, keys and values side by side.
    pub fn attend(&self, projected: &Tensor) -> Tensor {
        let [query, key, value] = self.parts::<3>(projected);
        let product = self.product(&query, &key, &value);
        product.transpose(1, 2).reshape([self.copies * self.length, -1])
    }

    /// `[copies, hidden]` from one query a copy, and keys and values side by side.
    pub fn attend_at(&self, queries: &Tensor, keys_and_values: &Tensor) -> Tensor {
        let [key, value] = self.parts::<2>(keys_and_values);
        let query = queries.view([self.copies, self.heads, 1, -1]);
        self.product(&query, &key, &value).reshape([self.copies, -1])
    }

    /// `[copies · length, N · hidden]` -> N of `[copies, heads, length, head size]`.
    fn parts<const N: usize>(&self, projected: &Tensor) -> [Tensor; N] {
        let cells = projected.reshape([self.copies, self.length, N as i64, self.heads, -1]).permute([2, 0, 3, 1, 4]);
        std::array::from_fn(|index| cells.select(0, index as i64))
    }

    fn product(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Tensor {
        Tensor::scaled_dot_product_attention(query, key, value, None::<&Tensor>, 0.0, false, self.scale, false)
    }
}
