//! Columns of a model made orthogonal one after the other, and a response split along them.

use super::cholesky::dot;

/// What is left of a column, beside its length, when it is taken for a combination of those before it.
const ALIASED: f64 = 1e-9;

/// A response as parts along orthogonal directions, and the rest of it.
#[derive(Debug, Clone)]
pub struct Split {
    /// The part along each column, after those before it; `None` where the column is a combination of those.
    pub parts: Vec<Option<f64>>,
    /// What no column explains.
    pub rest: Vec<f64>,
}

impl Split {
    /// Splits `response` along `columns`, all of one length, in their order.
    ///
    /// By the method of Gram and Schmidt, with each column made orthogonal twice: twice is enough for directions that
    /// are orthogonal to the last digits. It is a QR decomposition whose sums of squares are those of the sequential
    /// analysis of variance, and no two nearly equal sums are subtracted for them.
    ///
    /// Source: Giraud, Langou, Rozložník and van den Eshof (2005), Numerische Mathematik 101.
    pub fn of(response: &[f64], columns: &[Vec<f64>]) -> Self {
        let mut directions: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
        let mut parts = Vec::with_capacity(columns.len());
        let mut rest = response.to_vec();
        for column in columns {
            let length = dot(column, column).sqrt();
            let mut direction = column.clone();
            for _ in 0..2 {
                for known in &directions {
                    remove(&mut direction, known);
                }
            }
            let left = dot(&direction, &direction).sqrt();
            if left <= ALIASED * length {
                parts.push(None);
                continue;
            }
            for element in &mut direction {
                *element /= left;
            }
            parts.push(Some(remove(&mut rest, &direction)));
            directions.push(direction);
        }
        // Once more, so that the rest is orthogonal to all to its own last digits.
        for direction in &directions {
            remove(&mut rest, direction);
        }
        Self { parts, rest }
    }

    /// The sum of squares of the rest.
    pub fn rest_squares(&self) -> f64 {
        dot(&self.rest, &self.rest)
    }

    /// How many columns are no combinations of those before them.
    pub fn rank(&self) -> usize {
        self.parts.iter().flatten().count()
    }
}

/// Takes the part along a direction of length 1 out of a vector, and gives its size.
fn remove(vector: &mut [f64], direction: &[f64]) -> f64 {
    let part = dot(vector, direction);
    for (element, along) in vector.iter_mut().zip(direction) {
        *element -= part * along;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_three_points() {
        // y = 1, 3, 2 over x = 0, 1, 2: mean 2, slope 1/2, rest -1/2, 1, -1/2.
        let columns = [vec![1.0; 3], vec![0.0, 1.0, 2.0], vec![5.0, 6.0, 7.0]];
        let split = Split::of(&[1.0, 3.0, 2.0], &columns);
        assert!((split.parts[0].unwrap() - 2.0 * 3.0_f64.sqrt()).abs() < 1e-14);
        assert!((split.parts[1].unwrap() - 0.5 * 2.0_f64.sqrt()).abs() < 1e-14);
        assert_eq!((split.parts[2], split.rank()), (None, 2));
        assert!((split.rest_squares() - 1.5).abs() < 1e-14);
    }

    #[test]
    fn nearly_parallel_columns_stay_orthogonal() {
        let columns = [vec![1.0, 1e-7, 0.0, 0.0], vec![1.0, 0.0, 1e-7, 0.0], vec![1.0, 0.0, 0.0, 1e-7]];
        let split = Split::of(&[1.0, 2.0, 3.0, 4.0], &columns);
        for column in &columns {
            assert!(dot(column, &split.rest).abs() < 1e-14, "{split:?}");
        }
    }
}
