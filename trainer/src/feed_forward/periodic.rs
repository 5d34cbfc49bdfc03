//! Periodic functions.

use tch::Tensor;

/// The smallest |α| by which [`snake`] divides.
const SMALLEST_FREQUENCY: f64 = 1e-9;

/// sin x (Sitzmann et al. 2020, arXiv:2006.09661, without its factor 30, which the linear map before it can hold).
pub fn sin(x: &Tensor) -> Tensor {
    x.sin()
}

/// x + sin²(αx)/α (Ziyin et al. 2020, arXiv:2006.08195).
///
/// α is `[width]` or `[1]`; it starts at `model.snake.frequency`. The paper has 1 for want of better knowledge, and 5
/// to 50 for data that are periodic.
pub fn snake(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    // At α = 0 the function is x, but as 0/0.
    let alpha = alpha.where_scalarother(&alpha.abs().ge(SMALLEST_FREQUENCY), SMALLEST_FREQUENCY);
    (x * &alpha).sin().square() / &alpha + x
}
