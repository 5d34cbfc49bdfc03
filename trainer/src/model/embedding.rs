//! The rows of tables that stand for tokens and their positions.

use native::Rows;
use tch::{Device, Kind, Tensor};

/// What stands for no padding in libtorch.
const NO_PADDING: i64 = -1;

/// The sum of the rows that these tables have for their ids: the shape of the ids and `hidden` besides.
///
/// # Panics
///
/// When an id is no row of its table.
pub fn sum_of_rows(all: &[Rows<'_>]) -> Tensor {
    if all.iter().all(|rows| rows.table.device() == Device::Cpu && rows.table.kind() == Kind::Float) {
        return native::sum_of_rows(all)
            .unwrap_or_else(|error| panic!("invariant: ids are rows of their tables: {error}"));
    }
    let embedded = all
        .iter()
        .map(|rows| Tensor::embedding(rows.table, rows.ids, rows.padding.unwrap_or(NO_PADDING), false, false));
    embedded.reduce(|sum, rows| sum + rows).expect("invariant: tokens have a table")
}
