//! Kolmogorov-Arnold networks in the feed-forward place: which there are, and what settings make of them.
//!
//! Grids stay where the settings put them: efficient-kan's `update_grid`, which moves knots to quantiles of a batch, is
//! not offered. Its package never calls it by itself, the study of 2024 did not, and it is where its users find numbers
//! that are none.

use serde::{Deserialize, Serialize};

use super::grouped::{Curve, GroupedFunction};
use super::layer::FeedForward;
use super::radial_grid::RadialGrid;
use super::spline_grid::SplineGrid;
use crate::error::SpecError;
use crate::model::Architecture;
use crate::setting::Settings;

/// The networks that have a name. All take the place of the whole feed-forward layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KanLevel {
    /// `kan`: B-spline edges as the study of 2024 planned them, three intervals and order 5.
    Spline,
    /// `efficient-kan`: the same with the defaults of the package of that name, five intervals and order 3.
    EfficientSpline,
    /// `delft-kan`: what the study of 2024 ran, three intervals and order 3, with a gelu between the two layers; in an
    /// encoder only the first has edges.
    DelftSpline,
    /// `fast-kan`: radial basis functions.
    RadialBasis,
    /// `chebyshev-kan`: Chebyshev polynomials on every edge.
    Chebyshev,
    /// `grouped-chebyshev-kan`: Chebyshev polynomials shared by groups of channels.
    GroupedChebyshev,
    /// `gr-kan`: rational functions shared by groups of channels.
    GroupedRational,
}

/// How a Kolmogorov-Arnold network starts. The trainer's file of each says what that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KanStart {
    /// Linear maps as all of the network, by `model.initialisation`; what only such a network has, as its paper says.
    Network,
    /// Everything as in its authors' code.
    Source,
    /// Everything as in the copy of efficient-kan that the study of 2024 carried; for B-splines.
    Delft,
}

/// What the second layer of `delft-kan` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplineOutput {
    /// A layer of spline edges: in the study's decoder.
    Spline,
    /// A linear map with a bias: in its encoder.
    Linear,
}

impl KanLevel {
    /// The layer that `settings` ask for, `width` channels wide.
    pub(super) fn layer(
        self,
        settings: &Settings,
        architecture: Architecture,
        width: u32,
    ) -> Result<FeedForward, SpecError> {
        let start = self.start(settings)?;
        let scaled = settings.flag("model.kan.scaler");
        let second = match settings.name("model.kan.start").as_str() {
            "gelu" => Curve::Gelu,
            _ => Curve::Swish,
        };
        let groups = settings.size("model.kan.groups");
        let grouped = |function| FeedForward::Grouped { width, groups, function, second, start };
        Ok(match self {
            Self::Spline | Self::EfficientSpline => {
                FeedForward::Spline { width, grid: self.spline_grid(settings), scaled, start }
            }
            Self::DelftSpline => {
                let output = match architecture {
                    Architecture::GptNeo => SplineOutput::Spline,
                    Architecture::Roberta => SplineOutput::Linear,
                };
                FeedForward::DelftSpline { width, grid: self.spline_grid(settings), scaled, start, output }
            }
            Self::RadialBasis => {
                let [low, high] = ends(settings, 2.0);
                let grid = RadialGrid { centres: settings.size("model.kan.centres"), low, high };
                FeedForward::RadialBasis { width, grid, start }
            }
            Self::Chebyshev => FeedForward::Chebyshev { width, degree: degree(settings, 4) },
            Self::GroupedChebyshev => grouped(GroupedFunction::Chebyshev { degree: degree(settings, 3) }),
            Self::GroupedRational => grouped(GroupedFunction::Rational),
        })
    }

    fn spline_grid(self, settings: &Settings) -> SplineGrid {
        let (intervals, order) = match self {
            Self::EfficientSpline => (5, 3),
            Self::DelftSpline => (3, 3),
            _ => (3, 5),
        };
        let [low, high] = ends(settings, 1.0);
        SplineGrid {
            intervals: settings.optional_size("model.kan.intervals").unwrap_or(intervals),
            order: settings.optional_size("model.kan.order").unwrap_or(order),
            low,
            high,
        }
    }

    fn start(self, settings: &Settings) -> Result<KanStart, SpecError> {
        let is_spline = matches!(self, Self::Spline | Self::EfficientSpline | Self::DelftSpline);
        match settings.text("model.kan.initialisation").as_deref() {
            Some("source") => Ok(KanStart::Source),
            Some("delft") if is_spline => Ok(KanStart::Delft),
            Some("delft") => Err(SpecError::Unfit {
                key: "model.kan.initialisation",
                value: "\"delft\"".to_owned(),
                reason: "the study of 2024 had B-splines only; for this activation, \"network\" or \"source\""
                    .to_owned(),
            }),
            None if self == Self::DelftSpline => Ok(KanStart::Delft),
            Some(_) | None => Ok(KanStart::Network),
        }
    }
}

fn degree(settings: &Settings, default: u32) -> u32 {
    settings.optional_size("model.kan.degree").unwrap_or(default)
}

/// The ends of a grid, which by default reaches this far to both sides of 0.
fn ends(settings: &Settings, reach: f64) -> [f64; 2] {
    [("model.kan.low", -reach), ("model.kan.high", reach)].map(|(key, default)| settings.float(key).unwrap_or(default))
}

/// # Errors
/// When `value` is below `least`.
pub(super) fn check_least(key: &'static str, value: u32, least: u32, reason: &str) -> Result<(), SpecError> {
    if value >= least {
        return Ok(());
    }
    Err(SpecError::Unfit { key, value: value.to_string(), reason: format!("{reason}; {least} would do") })
}

/// # Errors
/// When nothing lies between the ends of a grid.
pub(super) fn check_ends(low: f64, high: f64) -> Result<(), SpecError> {
    if low < high {
        return Ok(());
    }
    Err(SpecError::Unfit {
        key: "model.kan.high",
        value: high.to_string(),
        reason: format!("the grid must end above model.kan.low = {low}"),
    })
}

/// # Errors
/// When the groups do not divide the channels of both functions of a layer.
pub(super) fn check_groups(groups: u32, hidden_size: u32, width: u32) -> Result<(), SpecError> {
    check_least("model.kan.groups", groups, 1, "channels share functions in groups")?;
    let unfit = |of: String, fits: &dyn Fn(u32) -> bool| {
        let near = (1..=hidden_size).filter(|candidate| fits(*candidate)).min_by_key(|one| one.abs_diff(groups));
        SpecError::Unfit {
            key: "model.kan.groups",
            value: groups.to_string(),
            reason: format!("groups must divide {of}; {} would", near.unwrap_or(1)),
        }
    };
    let divides = |candidate: u32| hidden_size.is_multiple_of(candidate);
    if !divides(groups) {
        return Err(unfit(format!("model.hidden-size = {hidden_size}"), &divides));
    }
    if !width.is_multiple_of(groups) {
        let divides_both = |candidate: u32| divides(candidate) && width.is_multiple_of(candidate);
        return Err(unfit(format!("the width of the hidden layer, which is {width}"), &divides_both));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelSpec;
    use crate::setting;
    use crate::value::Value;

    fn layer(given: &[(&str, Value)]) -> Result<FeedForward, SpecError> {
        let mut settings = Settings::new();
        for (key, value) in given {
            settings.give(setting::find(key).unwrap(), value)?;
        }
        ModelSpec::from_settings(&settings).map(|model| model.feed_forward)
    }

    fn error(level: &str, key: &str, value: Value) -> String {
        layer(&[("activation", Value::from(level)), (key, value)]).unwrap_err().to_string()
    }

    #[test]
    fn presets_are_those_of_the_plan_the_study_and_the_package() {
        for (level, expected) in [("kan", (3, 5)), ("delft-kan", (3, 3)), ("efficient-kan", (5, 3))] {
            match layer(&[("activation", Value::from(level))]).unwrap() {
                FeedForward::Spline { grid, scaled: true, start: KanStart::Network, .. }
                | FeedForward::DelftSpline { grid, scaled: true, start: KanStart::Delft, .. } => {
                    let (intervals, order) = expected;
                    assert_eq!(grid, SplineGrid { intervals, order, low: -1.0, high: 1.0 });
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_says_what_could() {
        for (found, expected) in [
            (
                error("kan", "model.kan.order", Value::Integer(0)),
                "`model.kan.order = 0` is not valid: expected an integer from 1 to 12",
            ),
            (
                error("kan", "model.kan.intervals", Value::Integer(0)),
                "`model.kan.intervals = 0` is not valid: expected an integer from 1 to 256",
            ),
            (
                error("kan", "model.kan.high", Value::Float(-1.0)),
                "`model.kan.high = -1` does not fit: the grid must end above model.kan.low = -1",
            ),
            (
                error("fast-kan", "model.kan.low", Value::Float(2.0)),
                "`model.kan.high = 2` does not fit: the grid must end above model.kan.low = 2",
            ),
            (
                error("fast-kan", "model.kan.centres", Value::Integer(1)),
                "`model.kan.centres = 1` is not valid: expected an integer from 2 to 256",
            ),
            (
                error("chebyshev-kan", "model.kan.degree", Value::Integer(0)),
                "`model.kan.degree = 0` is not valid: expected an integer from 1 to 32",
            ),
            (
                error("gr-kan", "model.kan.groups", Value::Integer(7)),
                "`model.kan.groups = 7` does not fit: groups must divide model.hidden-size = 512; 8 would",
            ),
            (
                error("gr-kan", "model.kan.initialisation", Value::from("delft")),
                "`model.kan.initialisation = \"delft\"` does not fit: the study of 2024 had B-splines only; for this activation, \"network\" or \"source\"",
            ),
        ] {
            assert_eq!(found, expected);
        }
        let unmatched = [
            ("activation", Value::from("gr-kan")),
            ("model.ffn-size", Value::Integer(1020)),
            ("model.budget", Value::from("unmatched")),
        ];
        assert_eq!(
            layer(&unmatched).unwrap_err().to_string(),
            "`model.kan.groups = 8` does not fit: groups must divide the width of the hidden layer, which is 1020; 4 would"
        );
    }

    #[test]
    fn a_record_that_was_edited_is_refused_as_settings_are() {
        let mut record = serde_json::to_value(layer(&[("activation", Value::from("kan"))]).unwrap()).unwrap();
        record["spline"]["grid"]["order"] = 0.into();
        let edited: FeedForward = serde_json::from_value(record).unwrap();
        assert_eq!(
            edited.check(512).unwrap_err().to_string(),
            "`model.kan.order = 0` does not fit: a spline is of order 1, straight lines, or more; 1 would do"
        );
    }
}
