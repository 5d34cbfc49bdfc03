//! Which token comes next.

/// How the next token is drawn from a model's distribution.
///
/// In this order: logits are divided by the temperature (Ackley et al. 1985), all but the `top_k` most probable tokens
/// are dropped (Fan et al. 2018, arXiv:1805.04833), then all but the fewest that together have probability `top_p`
/// (Holtzman et al. 2020, arXiv:1904.09751). The order is that of transformers' `generate`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// 0 takes the most probable token; 1 leaves the distribution as it is.
    pub temperature: f64,
    /// Keep so many tokens; all if absent.
    pub top_k: Option<usize>,
    /// Keep this much probability, in (0, 1].
    pub top_p: f64,
}

impl Sampling {
    /// The id drawn by the number `uniform` in [0, 1); `None` if a logit is not a number. Of two equal logits the lower
    /// id comes first.
    pub fn choose(&self, logits: &[f64], uniform: f64) -> Option<usize> {
        if logits.iter().any(|logit| logit.is_nan()) {
            return None;
        }
        let mut ids: Vec<usize> = (0..logits.len()).collect();
        ids.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
        if self.temperature == 0.0 {
            return ids.first().copied();
        }
        ids.truncate(self.top_k.unwrap_or(ids.len()).max(1));
        let largest = logits[*ids.first()?];
        let weights: Vec<f64> = ids.iter().map(|id| ((logits[*id] - largest) / self.temperature).exp()).collect();
        let all: f64 = weights.iter().sum();
        let mut kept = 0.0;
        let count = weights.iter().take_while(|weight| {
            let is_needed = kept < self.top_p * all;
            kept += if is_needed { **weight } else { 0.0 };
            is_needed
        });
        let count = count.count().max(1);
        let mut left = uniform * weights[..count].iter().sum::<f64>();
        for (id, weight) in ids.iter().zip(&weights[..count]) {
            if left < *weight {
                return Some(*id);
            }
            left -= weight;
        }
        Some(ids[count - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln of 0.1, 0.2, 0.4, 0.3.
    fn logits() -> Vec<f64> {
        [0.1_f64, 0.2, 0.4, 0.3].map(f64::ln).to_vec()
    }

    /// How often each id comes in 1000 even steps of the uniform number.
    fn counts(sampling: Sampling) -> [usize; 4] {
        let mut counts = [0; 4];
        for step in 0..1000 {
            counts[sampling.choose(&logits(), (f64::from(step) + 0.5) / 1000.0).unwrap()] += 1;
        }
        counts
    }

    const PLAIN: Sampling = Sampling { temperature: 1.0, top_k: None, top_p: 1.0 };

    #[test]
    fn tokens_come_as_often_as_they_are_probable() {
        assert_eq!(counts(PLAIN), [100, 200, 400, 300]);
        assert_eq!(counts(Sampling { temperature: 0.0, ..PLAIN }), [0, 0, 1000, 0]);
        // Squares of the probabilities: 1, 4, 16 and 9 in 30.
        assert_eq!(counts(Sampling { temperature: 0.5, ..PLAIN }), [33, 134, 533, 300]);
    }

    #[test]
    fn the_tail_is_cut_by_number_and_by_probability() {
        assert_eq!(counts(Sampling { top_k: Some(2), ..PLAIN }), [0, 0, 571, 429]);
        assert_eq!(counts(Sampling { top_p: 0.69, ..PLAIN }), [0, 0, 571, 429]);
        assert_eq!(counts(Sampling { top_p: 0.71, ..PLAIN }), [0, 222, 444, 334]);
        assert_eq!(counts(Sampling { top_p: 0.01, ..PLAIN }), [0, 0, 1000, 0]);
        // After the two most probable, 0.571 is enough for 0.5.
        assert_eq!(counts(Sampling { top_k: Some(2), top_p: 0.5, ..PLAIN }), [0, 0, 1000, 0]);
    }

    #[test]
    fn no_token_is_drawn_from_what_is_no_distribution() {
        assert_eq!(PLAIN.choose(&[0.0, f64::NAN], 0.5), None);
        assert_eq!(PLAIN.choose(&[1.0, 1.0], 0.0), Some(0));
        assert_eq!(Sampling { temperature: 0.0, ..PLAIN }.choose(&[1.0, 1.0], 0.9), Some(0));
    }
}
