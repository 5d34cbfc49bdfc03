//! How many seeds, and what they can see.

use serde::Serialize;
use spec::analysis::Scale;

use super::spread::{LeftOut, SIZES};
use super::{PlanningError, Spread};
use crate::report::rule::LEAST_SEEDS;
use crate::statistics::power::design::Design;
use crate::statistics::refusal::Refusal;

/// Numbers of seeds that an answer looks at whatever is asked.
const USUAL: [u64; 11] = [3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50];

/// The most spreads that a difference may measure: what is beyond has no square.
const MOST_SPREADS: f64 = 1e100;

/// What is asked of a design.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Question {
    /// How two arms are compared.
    pub design: Design,
    /// Probability of a false claim that is accepted for the whole family; from 1e-9 to 0.5.
    pub alpha: f64,
    /// How many comparisons share it.
    pub comparisons: u64,
    /// The probability with which what is there should be found; above alpha and below 1.
    pub power: f64,
    /// The confidence of the upper bound of a spread that was estimated; in (0, 1).
    pub confidence: f64,
    /// The smallest difference that should be found, in the metric's unit.
    pub difference: Option<f64>,
    /// The margin within which arms that do not differ should be shown to lie, in the metric's unit.
    pub margin: Option<f64>,
    /// A number of seeds that is asked about; at least [`LEAST_SEEDS`], since fewer support no claim.
    pub seeds: Option<u64>,
}

/// A spread, and the seeds that it asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpreadAnswer {
    /// The spread.
    #[serde(flatten)]
    pub spread: Spread,
    /// Seeds an arm that find the difference; `None` where none is asked for, or more than ten million would be needed.
    pub seeds_for_difference: Option<u64>,
    /// Seeds an arm that show a difference of 0 to lie within the margin.
    pub seeds_for_margin: Option<u64>,
}

/// What a number of seeds an arm can see at the spread that is planned with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlook {
    /// Seeds an arm.
    pub seeds: u64,
    /// The smallest difference that is found with the power asked for, in the metric's unit.
    pub detectable: f64,
    /// The power for the difference asked for.
    pub power: Option<f64>,
    /// The smallest margin within which a difference of 0 is shown to lie with the power asked for.
    pub margin: f64,
    /// The power for the margin asked for.
    pub margin_power: Option<f64>,
}

/// The answer. `seedbed power --format json` is this struct; the text shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The version of this form.
    pub schema: u32,
    /// The metric of the pilot.
    pub metric: Option<String>,
    /// Its unit; empty where it is not known.
    pub unit: String,
    /// The scale of all differences here.
    pub scale: Scale,
    /// What was asked.
    pub question: Question,
    /// The level of each comparison: alpha over their number, which the first step of Holm's procedure asks.
    pub level: f64,
    /// The spreads, and what each asks for.
    pub spreads: Vec<SpreadAnswer>,
    /// Comparisons of the pilot that show no spread: too few seeds in common, or no difference between them.
    pub without_spread: Vec<String>,
    /// The factors of the pilot within whose combinations the comparisons are; none where there is one.
    pub across: Vec<String>,
    /// Runs of the pilot that are in no spread, by the reason.
    pub left_out: Vec<LeftOut>,
    /// Whether every two arms of the pilot are a comparison, as it has no baseline.
    pub all_pairs: bool,
    /// Index of the one that the outlook is for: the pooled one, else the largest.
    pub planned: usize,
    /// What numbers of seeds can see.
    pub outlook: Vec<Outlook>,
}

impl Question {
    /// Answers for some spreads, of which there is at least one.
    ///
    /// A spread that was estimated counts with its upper bound: a study that is planned with the estimate itself is too
    /// small in more than half of all cases.
    ///
    /// # Errors
    /// [`PlanningError::Refused`] for a setting that is out of range, [`PlanningError::NoSpread`] without a spread.
    pub fn answer(self, spreads: Vec<Spread>) -> Result<Answer, PlanningError> {
        self.check()?;
        let level = self.alpha / self.comparisons as f64;
        let planned = spreads
            .iter()
            .position(|spread| spread.pooled)
            .or_else(|| (0..spreads.len()).max_by(|a, b| spreads[*a].planned().total_cmp(&spreads[*b].planned())));
        let Some(planned) = planned else {
            return Err(PlanningError::NoSpread {
                metric: "the metric".to_owned(),
                reason: "none was given".to_owned(),
            });
        };
        let spread = spreads[planned].planned();
        for (name, value) in [("difference", self.difference), ("margin", self.margin)] {
            let value = value.unwrap_or_default();
            if value / spread >= MOST_SPREADS {
                return Err(Refusal::Range { name, value, expected: "a number below 1e100 times the spread" }.into());
            }
        }
        let spreads: Vec<SpreadAnswer> = spreads.into_iter().map(|spread| self.seeds_of(spread, level)).collect();
        let mut counts = USUAL.to_vec();
        counts.extend(self.seeds);
        counts.extend([spreads[planned].seeds_for_difference, spreads[planned].seeds_for_margin].into_iter().flatten());
        counts.sort_unstable();
        counts.dedup();
        let outlook = counts.into_iter().map(|seeds| self.outlook(seeds, spread, level)).collect::<Result<_, _>>()?;
        Ok(Answer {
            schema: 1,
            metric: None,
            unit: String::new(),
            scale: Scale::Linear,
            question: self,
            level,
            spreads,
            without_spread: Vec::new(),
            across: Vec::new(),
            left_out: Vec::new(),
            all_pairs: false,
            planned,
            outlook,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let within = |valid: bool, name, value, expected| {
            if valid { Ok(()) } else { Err(Refusal::Range { name, value, expected }) }
        };
        within((1e-9..=0.5).contains(&self.alpha), "alpha", self.alpha, "a number from 1e-9 to 0.5")?;
        within(self.comparisons > 0, "comparisons", 0.0, "1 or more")?;
        let confidence = self.confidence > 0.0 && self.confidence < 1.0;
        within(confidence, "confidence", self.confidence, "a number between 0 and 1")?;
        let power = self.power > self.alpha && self.power < 1.0;
        within(power, "power", self.power, "a number above alpha and below 1")?;
        for (name, value) in [("difference", self.difference), ("margin", self.margin)] {
            let value = value.unwrap_or(1.0);
            within(value > 0.0 && value.is_finite(), name, value, "a number above 0")?;
            within(SIZES.contains(&value), name, value, "a number from 1e-100 to 1e100")?;
        }
        let seeds = self.seeds.unwrap_or(LEAST_SEEDS as u64);
        let expected = "a number from 3 to ten million: fewer seeds support no claim, however large a difference is";
        within((LEAST_SEEDS as u64..=10_000_000).contains(&seeds), "seeds", seeds as f64, expected)
    }

    fn seeds_of(&self, spread: Spread, level: f64) -> SpreadAnswer {
        // The bisection leaves a whole number a little above itself.
        let whole = |seeds: f64| (seeds * (1.0 - 1e-9)).ceil().max(LEAST_SEEDS as f64) as u64;
        let size = spread.planned();
        let difference = self.difference.and_then(|d| self.design.seeds(d / size, self.power, level).ok());
        let margin = self.margin.and_then(|m| self.design.equivalence_seeds(m / size, 0.0, self.power, level).ok());
        SpreadAnswer { spread, seeds_for_difference: difference.map(whole), seeds_for_margin: margin.map(whole) }
    }

    fn outlook(&self, seeds: u64, spread: f64, level: f64) -> Result<Outlook, Refusal> {
        let (design, n) = (self.design, seeds as f64);
        Ok(Outlook {
            seeds,
            detectable: design.detectable(n, self.power, level)? * spread,
            power: self.difference.map(|d| design.power(d / spread, n, level)).transpose()?,
            margin: design.equivalence_margin(n, self.power, level)? * spread,
            margin_power: self.margin.map(|m| design.equivalence_power(m / spread, 0.0, n, level)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question {
            design: Design::Paired,
            alpha: 0.05,
            comparisons: 1,
            power: 0.8,
            confidence: 0.8,
            difference: Some(0.5),
            margin: None,
            seeds: Some(5),
        }
    }

    fn given(sd: f64, seeds: Option<usize>) -> Vec<Spread> {
        vec![Spread::given(sd, Design::Paired, seeds, 0.8).unwrap()]
    }

    #[test]
    fn what_would_overflow_is_refused() {
        for (difference, margin) in [(Some(1e-308), None), (Some(1e308), None), (None, Some(1e-200))] {
            let refusal = Question { difference, margin, ..question() }.answer(given(1.0, None)).unwrap_err();
            assert!(refusal.to_string().contains("from 1e-100 to 1e100"), "{refusal}");
        }
        let refusal = Spread::given(1e308, Design::Paired, None, 0.8).unwrap_err();
        assert!(refusal.to_string().contains("from 1e-100 to 1e100"), "{refusal}");
    }

    #[test]
    fn half_a_standard_deviation_takes_34_pairs() {
        // statsmodels 0.15.0: TTestPower().solve_power(effect_size=0.5, power=0.8, alpha=0.05) is 33.37
        let answer = question().answer(given(1.0, None)).unwrap();
        assert_eq!(answer.spreads[0].seeds_for_difference, Some(34));
        let at = |seeds| answer.outlook.iter().find(|outlook| outlook.seeds == seeds).unwrap();
        assert!(at(34).power.unwrap() >= 0.8 && at(34).detectable <= 0.5);
        assert!((at(5).detectable - 1.681_997_083).abs() < 1e-6);
    }

    #[test]
    fn what_supports_no_claim_finds_nothing() {
        let answer = Question { difference: Some(1e6), margin: Some(1e6), seeds: None, ..question() };
        let answer = answer.answer(given(1.0, None)).unwrap();
        assert_eq!((answer.spreads[0].seeds_for_difference, answer.spreads[0].seeds_for_margin), (Some(3), Some(3)));
        assert!(answer.outlook.iter().all(|outlook| outlook.seeds >= 3));
    }

    #[test]
    fn an_uncertain_spread_asks_for_more() {
        let answer = question().answer(given(1.0, Some(5))).unwrap();
        assert!(answer.spreads[0].seeds_for_difference > Some(34));
        assert!(answer.spreads[0].spread.upper.unwrap() > 1.5);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let refused = |question: Question, setting: &str| {
            let error = question.answer(given(1.0, None)).unwrap_err();
            assert!(matches!(error, PlanningError::Refused(Refusal::Range { name, .. }) if name == setting), "{error}");
        };
        refused(Question { alpha: 0.7, ..question() }, "alpha");
        refused(Question { alpha: 1e-300, ..question() }, "alpha");
        refused(Question { difference: Some(1e300), ..question() }, "difference");
        refused(Question { power: 0.04, ..question() }, "power");
        refused(Question { confidence: 1.0, ..question() }, "confidence");
        refused(Question { comparisons: 0, ..question() }, "comparisons");
        refused(Question { difference: Some(0.0), ..question() }, "difference");
        refused(Question { margin: Some(f64::NAN), ..question() }, "margin");
        refused(Question { seeds: Some(2), ..question() }, "seeds");
        assert!(matches!(question().answer(Vec::new()), Err(PlanningError::NoSpread { .. })));
    }
}
