//! Small symmetric positive definite systems, for the starts of Kolmogorov-Arnold layers.

/// L with LLᵀ = `matrix`, which is symmetric and positive definite.
pub fn cholesky(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (row, entries) in matrix.iter().enumerate() {
        let mut begun: Vec<f64> = Vec::with_capacity(row + 1);
        for column in 0..row {
            let rest = entries[column] - dot(&begun, &lower[column]);
            begun.push(rest / lower[column][column]);
        }
        begun.push((entries[row] - dot(&begun, &begun)).sqrt());
        lower.push(begun);
    }
    lower
}

/// x with LLᵀx = `x`.
pub fn solve(lower: &[Vec<f64>], mut x: Vec<f64>) -> Vec<f64> {
    for row in 0..x.len() {
        x[row] = (x[row] - dot(&lower[row][..row], &x)) / lower[row][row];
    }
    for row in (0..x.len()).rev() {
        let above: f64 = (row + 1..x.len()).map(|later| lower[later][row] * x[later]).sum();
        x[row] = (x[row] - above) / lower[row][row];
    }
    x
}

/// The sum of products over the shorter of the two.
fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
