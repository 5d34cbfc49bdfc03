//! The square root of a symmetric, positive definite matrix.

/// The lower triangle L with L Lᵀ = A.
#[derive(Debug, Clone)]
pub struct Cholesky {
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    /// Factors `matrix`, of which the lower triangle with the diagonal is read.
    ///
    /// `None` where it is not positive definite: where what is left of a diagonal element is below 1e-12 of it. The
    /// relative error of a solution is about the condition number times 1e-16.
    ///
    /// Source: Golub and Van Loan (2013), Matrix Computations, section 4.2.
    pub fn of(matrix: &[Vec<f64>]) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
        for (index, source) in matrix.iter().enumerate() {
            let mut row = Vec::with_capacity(index + 1);
            for column in 0..index {
                row.push((source[column] - dot(&row, &rows[column][..column])) / rows[column][column]);
            }
            let left = source[index] - dot(&row, &row);
            let positive = left > 1e-12 * source[index];
            if !positive {
                return None;
            }
            row.push(left.sqrt());
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// ln det A.
    pub fn log_determinant(&self) -> f64 {
        2.0 * self.rows.iter().filter_map(|row| row.last()).map(|root| root.ln()).sum::<f64>()
    }

    /// The x with A x = `right`, which has as many elements as A has rows.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solution = self.half_solve(right);
        for index in (0..solution.len()).rev() {
            solution[index] /= self.rows[index][index];
            let known = solution[index];
            for (above, element) in solution[..index].iter_mut().zip(&self.rows[index]) {
                *above -= element * known;
            }
        }
        solution
    }

    /// The x with L x = `right`: its square is rightᵀ A⁻¹ right.
    pub fn half_solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solution = Vec::with_capacity(right.len());
        for (row, right) in self.rows.iter().zip(right) {
            let index = solution.len();
            let value = (right - dot(&row[..index], &solution)) / row[index];
            solution.push(value);
        }
        solution
    }

    /// A⁻¹.
    pub fn inverse(&self) -> Vec<Vec<f64>> {
        let size = self.rows.len();
        let unit = |index: usize| -> Vec<f64> { (0..size).map(|other| f64::from(u8::from(other == index))).collect() };
        (0..size).map(|index| self.solve(&unit(index))).collect()
    }
}

/// The sum of products, over the shorter of the two.
pub fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_matrix() {
        // L = [[2], [6, 1], [-8, 5, 3]]
        let matrix = [vec![4.0, 12.0, -16.0], vec![12.0, 37.0, -43.0], vec![-16.0, -43.0, 98.0]];
        let root = Cholesky::of(&matrix).unwrap();
        assert_eq!(root.rows, [vec![2.0], vec![6.0, 1.0], vec![-8.0, 5.0, 3.0]]);
        assert!((root.log_determinant() - 36.0_f64.ln()).abs() < 1e-14);
        let solution = root.solve(&[4.0 + 24.0 - 48.0, 12.0 + 74.0 - 129.0, -16.0 - 86.0 + 294.0]);
        for (found, expected) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{solution:?}");
        }
        let inverse = root.inverse();
        for (row, expected) in matrix.iter().enumerate() {
            for (column, inverse) in inverse.iter().enumerate() {
                let product = dot(expected, inverse);
                assert!((product - f64::from(u8::from(row == column))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_root() {
        assert!(Cholesky::of(&[vec![1.0, 1.0], vec![1.0, 1.0]]).is_none());
        assert!(Cholesky::of(&[vec![f64::NAN]]).is_none());
        assert!(Cholesky::of(&[vec![0.0]]).is_none());
        assert!(Cholesky::of(&[]).is_some());
    }
}
