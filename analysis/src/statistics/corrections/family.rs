//! The p values that were tested, in rising order.

/// Sorted p values that know their places.
pub(in crate::statistics) struct Family {
    order: Vec<usize>,
    /// The p values, rising.
    pub(in crate::statistics) sorted: Vec<f64>,
    asked: usize,
}

impl Family {
    pub(in crate::statistics) fn of(p_values: &[Option<f64>]) -> Self {
        let mut tested: Vec<(usize, f64)> =
            p_values.iter().enumerate().filter_map(|(index, p)| p.map(|p| (index, p))).collect();
        tested.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let (order, sorted) = tested.into_iter().unzip();
        Self { order, sorted, asked: p_values.len() }
    }

    pub(in crate::statistics) fn size(&self) -> usize {
        self.sorted.len()
    }

    /// Values for the sorted p values, at most 1 and at the places where those came from.
    pub(in crate::statistics) fn restore(&self, adjusted: &[f64]) -> Vec<Option<f64>> {
        let mut restored = vec![None; self.asked];
        for (index, value) in self.order.iter().zip(adjusted) {
            restored[*index] = Some(value.min(1.0));
        }
        restored
    }

    /// Each p value taken by `factor` of (rank from 1, p), never below that of a smaller p value.
    pub(in crate::statistics) fn rising(&self, factor: impl Fn(usize, f64) -> f64) -> Vec<Option<f64>> {
        let mut largest: f64 = 0.0;
        let step = |(index, p): (usize, &f64)| {
            largest = largest.max(factor(index + 1, *p));
            largest
        };
        let adjusted: Vec<f64> = self.sorted.iter().enumerate().map(step).collect();
        self.restore(&adjusted)
    }

    /// Each p value taken by `factor` of (rank from 1, p), never above that of a larger p value.
    pub(in crate::statistics) fn falling(&self, factor: impl Fn(usize, f64) -> f64) -> Vec<Option<f64>> {
        let mut smallest: f64 = 1.0;
        let mut adjusted = vec![0.0; self.size()];
        for (index, p) in self.sorted.iter().enumerate().rev() {
            smallest = smallest.min(factor(index + 1, *p));
            adjusted[index] = smallest;
        }
        self.restore(&adjusted)
    }
}
