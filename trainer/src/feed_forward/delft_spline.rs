//! The Kolmogorov-Arnold network that the study of 2024 ran.

use spec::feed_forward::{KanStart, SplineGrid, SplineOutput};
use tch::Tensor;

use super::layer::Names;
use super::spline::SplineLayer;
use super::spline_start;
use crate::model::declare::Declarations;
use crate::model::linear::{Linear, Weights};

/// second(gelu(first(x))): two layers of spline edges with the exact gelu between them, or one and a linear map with a
/// bias (tiny-transformers of AISE, TU Delft 2024, `code/filip/activations_{gpt_neo,roberta}.py`).
///
/// It meant order 5 and got 3, since its copy of efficient-kan passes the number of intervals on as the order; and 256
/// channels, twice the plain layer's parameters. Shapes and starts are those of [`spline`](super::spline). Its names
/// are those of its checkpoints, where each of the two layers is a network of its own: `….layers.0.base_weight`.
#[derive(Debug)]
pub struct DelftSpline {
    /// The layer into the hidden channels.
    pub first: SplineLayer,
    /// The layer back.
    pub second: Second,
}

/// What leads back from the hidden channels.
#[derive(Debug)]
pub enum Second {
    /// Spline edges: in the decoder.
    Spline(SplineLayer),
    /// A linear map with a bias: in the encoder.
    Linear(Linear),
}

/// What a spec says of one.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The splines.
    pub grid: SplineGrid,
    /// Whether each edge has a scale.
    pub scaled: bool,
    /// How they start.
    pub start: KanStart,
    /// What the second layer is.
    pub output: SplineOutput,
}

fn layer_names(names: &Names) -> [String; 2] {
    [format!("{}.layers.0", names.delft_first), format!("{}.layers.0", names.delft_second)]
}

/// Declares the parameters for `hidden` entries and `width` channels.
pub fn declare([hidden, width]: [u32; 2], form: Form, names: &Names, declarations: &mut Declarations) {
    let Form { grid, scaled, start, output } = form;
    let [first, second] = layer_names(names);
    spline_start::declare(&first, [hidden, width], grid, scaled, start, declarations);
    match output {
        SplineOutput::Spline => spline_start::declare(&second, [width, hidden], grid, scaled, start, declarations),
        SplineOutput::Linear => declarations.linear(&names.output, width, hidden),
    }
}

impl DelftSpline {
    /// The network over these weights.
    pub fn new(form: Form, names: &Names, weights: &mut Weights<'_>) -> Self {
        let Form { grid, scaled, output, .. } = form;
        let [first, second] = layer_names(names);
        Self {
            first: SplineLayer::new(&first, grid, scaled, weights),
            second: match output {
                SplineOutput::Spline => Second::Spline(SplineLayer::new(&second, grid, scaled, weights)),
                SplineOutput::Linear => Second::Linear(weights.linear(&names.output)),
            },
        }
    }

    /// `[T, hidden]` for `[T, hidden]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let hidden = self.first.forward(x).gelu("none");
        match &self.second {
            Second::Spline(layer) => layer.forward(&hidden),
            Second::Linear(map) => map.forward(&hidden),
        }
    }
}
