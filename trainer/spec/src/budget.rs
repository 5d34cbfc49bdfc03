//! How many parameters a network has, by component, and the width at which two feed-forward layers cost the same.

use serde::{Deserialize, Serialize};

use crate::feed_forward::{Activation, FeedForward, SplineGrid, SplineOutput, StaticFunction};
use crate::model::{Architecture, ModelSpec};
use crate::setting::Settings;

/// Parameters of a network by component. Tied weights are counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ParameterCount {
    /// Token, position and type tables.
    pub embeddings: u64,
    /// Query, key, value and output maps of all layers.
    pub attention: u64,
    /// Feed-forward layers, activation parameters included.
    pub feed_forward: u64,
    /// All layer normalisations but the head's.
    pub norms: u64,
    /// What the output head adds to the tied token table.
    pub head: u64,
}

impl ParameterCount {
    /// The count for a network.
    pub fn of(model: &ModelSpec) -> Self {
        let hidden = u64::from(model.hidden_size);
        let layers = u64::from(model.layers);
        let tables = u64::from(model.vocabulary) + u64::from(model.positions());
        let feed_forward = layers * feed_forward_parameters(model.feed_forward, model.hidden_size);
        match model.architecture {
            Architecture::GptNeo => Self {
                embeddings: tables * hidden,
                attention: layers * (4 * hidden * hidden + hidden),
                feed_forward,
                norms: (2 * layers + 1) * 2 * hidden,
                head: 0,
            },
            Architecture::Roberta => Self {
                embeddings: (tables + 2) * hidden,
                attention: layers * 4 * (hidden * hidden + hidden),
                feed_forward,
                norms: (2 * layers + 1) * 2 * hidden,
                head: hidden * hidden + 3 * hidden + u64::from(model.vocabulary),
            },
        }
    }

    /// What the components are called wherever people read of them.
    pub const COMPONENTS: [&str; 5] = ["embeddings", "attention", "feed-forward", "norms", "head"];

    /// The parameters of each of [`Self::COMPONENTS`].
    pub fn by_component(&self) -> [(&'static str, u64); 5] {
        let counts = [self.embeddings, self.attention, self.feed_forward, self.norms, self.head];
        std::array::from_fn(|index| (Self::COMPONENTS[index], counts[index]))
    }

    /// All parameters.
    pub fn total(&self) -> u64 {
        self.by_component().iter().map(|(_, count)| count).sum()
    }
}

/// Parameters of one feed-forward layer.
pub fn feed_forward_parameters(layer: FeedForward, hidden_size: u32) -> u64 {
    let hidden = u64::from(hidden_size);
    let width = u64::from(layer.width());
    match layer {
        FeedForward::Plain { activation, .. } => 2 * hidden * width + width + hidden + activation.parameters(width),
        FeedForward::Gated { activation, .. } => 3 * hidden * width + 2 * width + hidden + activation.parameters(width),
        FeedForward::Spline { grid, scaled, .. } => 2 * hidden * width * spline_edge(grid, scaled),
        FeedForward::DelftSpline { grid, scaled, output, .. } => {
            let first = hidden * width * spline_edge(grid, scaled);
            match output {
                SplineOutput::Spline => 2 * first,
                SplineOutput::Linear => first + hidden * width + hidden,
            }
        }
        // Of each layer a normalisation of its entries, one coefficient a centre and a base weight for an edge, and a
        // bias.
        FeedForward::RadialBasis { grid, .. } => {
            2 * hidden * width * (u64::from(grid.centres) + 1) + 3 * (hidden + width)
        }
        FeedForward::Chebyshev { degree, .. } => 2 * hidden * width * (u64::from(degree) + 1),
        FeedForward::Grouped { groups, function, .. } => {
            2 * hidden * width + width + hidden + 2 * function.parameters(groups)
        }
    }
}

/// Parameters of an edge: the base weight, one coefficient per basis function, and the spline's scale.
fn spline_edge(grid: SplineGrid, scaled: bool) -> u64 {
    1 + u64::from(grid.bases()) + u64::from(scaled)
}

/// `layer` at the width whose parameter count is nearest to that of a plain layer of `plain_width`.
///
/// A multiple of 8 is taken where it stays within 1 % of the budget, since matrix products like such widths; else the
/// nearest whole number, or the nearest multiple of the groups of a layer that has groups.
pub fn match_width(layer: FeedForward, hidden_size: u32, plain_width: u32) -> FeedForward {
    let plain = FeedForward::Plain { activation: Activation::Static(StaticFunction::Identity), width: plain_width };
    let budget = feed_forward_parameters(plain, hidden_size);
    let count = |width: u32| feed_forward_parameters(layer.with_width(width), hidden_size);
    // The count is a straight line in the width.
    let (fixed, slope) = (count(0), count(1) - count(0));
    let nearest = (budget.saturating_sub(fixed) + slope / 2) / slope;
    let nearest = u32::try_from(nearest).unwrap_or(u32::MAX).max(1);
    let multiple = |step: u32| (nearest.saturating_add(step / 2) / step).max(1).saturating_mul(step);
    let step = layer.width_step().max(1);
    // 8 is a power of two: the smallest common multiple lacks only the twos that the step has not.
    let rounded = multiple(step.saturating_mul(8 >> step.trailing_zeros().min(3)));
    let is_close = count(rounded).abs_diff(budget) * 100 <= budget;
    layer.with_width(if is_close { rounded } else { multiple(step) })
}

/// How far a matched layer may be from its budget before a person is told.
pub const TOLERATED_DEVIATION: f64 = 0.01;

/// By what part of its budget, the plain layer of these settings, the feed-forward layer of `model` is larger or
/// (negative) smaller, where the settings ask for a match. In a small network one channel more or less is many
/// parameters.
pub fn deviation(settings: &Settings, model: &ModelSpec) -> Option<f64> {
    let width = settings.size("model.ffn-size");
    let plain = FeedForward::Plain { activation: Activation::Static(StaticFunction::Identity), width };
    let budget = feed_forward_parameters(plain, model.hidden_size) as f64;
    let found = feed_forward_parameters(model.feed_forward, model.hidden_size) as f64;
    // What a plain layer's activation learns comes on top for everybody.
    let is_matched =
        settings.name("model.budget") == "matched" && !matches!(model.feed_forward, FeedForward::Plain { .. });
    is_matched.then(|| found / budget - 1.0)
}

/// Floating-point operations of one trained token: forward and backward, head included, attention over `attended`
/// tokens.
///
/// Six per weight of a matrix product that the token passes (two forward, four backward), and twelve per attended token
/// and hidden channel in every layer for the two attention products. What is done entry by entry, activations and the
/// basis functions of Kolmogorov-Arnold layers, is not counted.
pub fn flops_per_token(model: &ModelSpec, attended: f64) -> f64 {
    let count = ParameterCount::of(model);
    let head = f64::from(model.vocabulary) * f64::from(model.hidden_size);
    let scales = u64::from(model.layers) * unmultiplied(model.feed_forward, model.hidden_size);
    let matrices = (count.attention + count.feed_forward - scales + count.head) as f64 + head;
    6.0 * matrices + 12.0 * attended * f64::from(model.hidden_size) * f64::from(model.layers)
}

/// How many tokens a token of a story of `length` attends to on average: all of it, or in a decoder those before it and
/// itself, half of it. That a local layer looks back less far is not counted.
pub fn attended(architecture: Architecture, length: f64) -> f64 {
    match architecture {
        Architecture::GptNeo => length / 2.0,
        Architecture::Roberta => length,
    }
}

/// Parameters of a layer that are as many as weights and meet other weights, not tokens: the scales of splines.
fn unmultiplied(layer: FeedForward, hidden_size: u32) -> u64 {
    let edges = u64::from(hidden_size) * u64::from(layer.width());
    match layer {
        FeedForward::Spline { scaled: true, .. }
        | FeedForward::DelftSpline { scaled: true, output: SplineOutput::Spline, .. } => 2 * edges,
        FeedForward::DelftSpline { scaled: true, output: SplineOutput::Linear, .. } => edges,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed_forward::Level;
    use crate::feed_forward::level::LEVELS;
    use crate::setting;
    use crate::value::Value;

    fn model(given: &[(&str, &str)]) -> ModelSpec {
        let mut settings = Settings::new();
        for (key, value) in given {
            settings.give(setting::find(key).unwrap(), &Value::from(*value)).unwrap();
        }
        ModelSpec::from_settings(&settings).unwrap()
    }

    #[test]
    fn totals_are_those_of_the_published_checkpoints() {
        // The study's uploaded files: 9,585,664 and 9,863,952 parameters.
        assert_eq!(ParameterCount::of(&model(&[])).total(), 9_585_664);
        assert_eq!(ParameterCount::of(&model(&[("architecture", "roberta")])).total(), 9_863_952);
    }

    #[test]
    fn matched_layers_are_within_one_percent_of_the_plain_one() {
        let plain = feed_forward_parameters(model(&[]).feed_forward, 512);
        assert_eq!(plain, 1_050_112);
        for architecture in ["gpt-neo", "roberta"] {
            for (activation, level) in LEVELS {
                if matches!(level, Level::Plain(_)) {
                    continue;
                }
                let layer = model(&[("architecture", architecture), ("activation", activation)]).feed_forward;
                let ratio = feed_forward_parameters(layer, 512) as f64 / plain as f64;
                assert!((ratio - 1.0).abs() < 0.01, "{activation}: {ratio} at width {}", layer.width());
            }
        }
        assert_eq!(model(&[("activation", "geglu")]).feed_forward.width(), 680);
        assert_eq!(model(&[("activation", "kan")]).feed_forward.width(), 103);
    }

    #[test]
    fn the_studys_kan_has_the_parameters_of_its_checkpoint() {
        // 47.3 MB of its uploaded file are these and two masks; more than twice the plain layer's.
        let kan = model(&[("activation", "delft-kan"), ("model.budget", "unmatched")]);
        assert_eq!((kan.feed_forward.width(), ParameterCount::of(&kan).total()), (256, 11_679_744));
        let encoder = [("architecture", "roberta"), ("activation", "delft-kan"), ("model.budget", "unmatched")];
        let edges = 512 * 256;
        assert_eq!(feed_forward_parameters(model(&encoder).feed_forward, 512), edges * 8 + edges + 512);
    }

    #[test]
    fn the_width_of_groups_is_a_multiple_of_them() {
        for (groups, hidden) in [("8", 512), ("7", 511), ("12", 516), ("512", 512)] {
            let mut settings = Settings::new();
            settings.give(setting::find("activation").unwrap(), &Value::from("gr-kan")).unwrap();
            let groups: i64 = groups.parse().unwrap();
            for (key, value) in [("model.kan.groups", groups), ("model.hidden-size", hidden), ("model.heads", 1)] {
                settings.give(setting::find(key).unwrap(), &Value::Integer(value)).unwrap();
            }
            let layer = ModelSpec::from_settings(&settings).unwrap().feed_forward;
            assert_eq!(i64::from(layer.width()) % groups, 0, "{layer:?}");
        }
    }

    #[test]
    fn scales_of_splines_meet_no_token() {
        let flops = |level: &str| flops_per_token(&model(&[("activation", level)]), 0.0);
        let kan = model(&[("activation", "kan")]).feed_forward;
        let plain = 2 * 512 * 1024 + 1024 + 512;
        let expected = flops("gelu") + 12.0 * (2.0 * 512.0 * f64::from(kan.width()) * 9.0 - f64::from(plain));
        assert!((flops("kan") / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_unmatched_layer_keeps_the_plain_width() {
        assert_eq!(model(&[("activation", "kan"), ("model.budget", "unmatched")]).feed_forward.width(), 1024);
    }

    #[test]
    fn a_missed_budget_is_known_with_its_sign() {
        let deviation = |given: &[(&str, i64)], activation: &str, budget: &str| {
            let mut settings = Settings::new();
            for (key, value) in given {
                settings.give(setting::find(key).unwrap(), &Value::Integer(*value)).unwrap();
            }
            for (key, value) in [("activation", activation), ("model.budget", budget)] {
                settings.give(setting::find(key).unwrap(), &Value::from(value)).unwrap();
            }
            super::deviation(&settings, &ModelSpec::from_settings(&settings).unwrap())
        };
        // 12 channels, 20 wide: 2·12·20 + 20 + 12 = 512 parameters. A B-spline edge of 3 intervals and order 5 has 10:
        // at width 2 they are 480, one sixteenth too few.
        let small = [("model.hidden-size", 12), ("model.heads", 1), ("model.ffn-size", 20)];
        assert_eq!(deviation(&small, "kan", "matched"), Some(-0.0625));
        assert_eq!(deviation(&small, "kan", "unmatched"), None);
        assert_eq!(deviation(&small, "swish", "matched"), None);
        assert!(deviation(&[], "kan", "matched").unwrap().abs() < TOLERATED_DEVIATION);
    }

    #[test]
    fn tiny_layers_match_as_well_as_they_can() {
        let grid = SplineGrid { intervals: 3, order: 5, low: -1.0, high: 1.0 };
        let start = crate::feed_forward::KanStart::Network;
        let layer = match_width(FeedForward::Spline { width: 1, grid, scaled: true, start }, 4, 1);
        assert_eq!(layer.width(), 1);
    }
}
