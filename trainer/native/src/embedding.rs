//! Sums of rows of tables, as embeddings are.

use std::ffi::c_int;

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// Rows of a table, one for each id.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// `[rows, columns]` in float32, on the CPU.
    pub table: &'a Tensor,
    /// Which rows, of any shape, in int64.
    pub ids: &'a Tensor,
    /// The id whose row gets no gradient.
    pub padding: Option<i64>,
}

/// The sum of the rows that these tables have for their ids: the shape of the ids and `columns` besides, in float32.
///
/// The gradient of a leaf that has one is added to in place, and the rows of one id in the order of the ids.
///
/// # Errors
///
/// When there is no table, shapes or kinds do not fit, or an id is no row.
pub fn sum_of_rows(all: &[Rows<'_>]) -> Result<Tensor, TorchError> {
    let tables: Vec<_> = all.iter().map(|rows| rows.table.as_ptr()).collect();
    let contiguous: Vec<_> = all.iter().map(|rows| rows.ids.contiguous()).collect();
    let ids: Vec<_> = contiguous.iter().map(Tensor::as_ptr).collect();
    // No id is negative.
    let paddings: Vec<_> = all.iter().map(|rows| rows.padding.unwrap_or(-1)).collect();
    // SAFETY: all pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_sum_of_rows(
                tables.as_ptr().cast(),
                ids.as_ptr().cast(),
                paddings.as_ptr(),
                all.len() as c_int,
                result,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::leaf;
    use tch::{Device, Kind};

    fn table(rows: i64, columns: i64) -> Tensor {
        leaf(
            &(Tensor::arange(rows * columns, (Kind::Float, Device::Cpu)) * 0.7).sin().view([rows, columns]),
            Kind::Float,
        )
    }

    #[test]
    fn sums_and_gradients_are_those_of_embeddings() {
        for (tokens, columns) in [(0, 3), (1, 1), (7, 5), (300, 130)] {
            let ids = (Tensor::arange(tokens, (Kind::Int64, Device::Cpu)) * 5).remainder(11);
            let places = Tensor::arange(tokens, (Kind::Int64, Device::Cpu)).remainder(4);
            let (words, positions) = (table(11, columns), table(4, columns));
            let found = sum_of_rows(&[
                Rows { table: &words, ids: &ids, padding: Some(5) },
                Rows { table: &positions, ids: &places, padding: None },
            ])
            .unwrap();
            let (same_words, same_positions) = (leaf(&words, Kind::Float), leaf(&positions, Kind::Float));
            let expected = Tensor::embedding(&same_words, &ids, 5, false, false)
                + Tensor::embedding(&same_positions, &places, -1, false, false);
            assert_eq!(found, expected, "{tokens} {columns}");
            (&found * &found).sum(Kind::Float).backward();
            (&expected * &expected).sum(Kind::Float).backward();
            for (found, expected) in [(&words, &same_words), (&positions, &same_positions)] {
                assert!(found.grad().allclose(&expected.grad(), 1e-6, 1e-5, false), "{tokens} {columns}");
            }
        }
    }

    #[test]
    fn a_gradient_that_there_is_is_added_to_where_it_lies() {
        let words = table(3, 2);
        let ids = Tensor::from_slice(&[2_i64, 0, 2, 1]).view([2, 2]);
        let buffer = Tensor::ones([3, 2], (Kind::Float, Device::Cpu));
        crate::set_gradient(&words, &buffer).unwrap();
        let found = sum_of_rows(&[Rows { table: &words, ids: &ids, padding: Some(1) }]).unwrap();
        assert_eq!(found.size(), [2, 2, 2]);
        found.sum(Kind::Float).backward();
        assert_eq!(buffer, Tensor::from_slice(&[2_f32, 2.0, 1.0, 1.0, 3.0, 3.0]).view([3, 2]));
    }

    #[test]
    fn ids_that_were_changed_in_between_have_no_way_back() {
        let words = table(3, 2);
        let mut ids = Tensor::from_slice(&[0_i64, 2]);
        let sum = sum_of_rows(&[Rows { table: &words, ids: &ids, padding: None }]).unwrap().sum(Kind::Float);
        let _ = ids.fill_(1 << 40);
        let error = Tensor::f_run_backward(&[&sum], &[&words], false, false).unwrap_err();
        assert!(error.to_string().contains("was changed in place in between"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (words, narrow) = (table(3, 2), table(3, 1));
        let ids = Tensor::from_slice(&[0_i64, 3]);
        let rows = |table, ids| Rows { table, ids, padding: None };
        assert_eq!(
            sum_of_rows(&[rows(&words, &ids)]).unwrap_err().to_string(),
            "libtorch: 3 is no row of a table of 3"
        );
        let first = Tensor::from_slice(&[0_i64, 1]);
        assert_eq!(
            sum_of_rows(&[rows(&words, &first), rows(&narrow, &first)]).unwrap_err().to_string(),
            "libtorch: [2] rows of 1 columns cannot be added to [2] of 2"
        );
        let whole = first.to_kind(Kind::Int);
        assert_eq!(
            sum_of_rows(&[rows(&words, &whole)]).unwrap_err().to_string(),
            "libtorch: ids are Int on cpu, not contiguous int64 on cpu"
        );
        sum_of_rows(&[]).unwrap_err();
    }
}
