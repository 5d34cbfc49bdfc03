//! The exact sum of floats: the same to the last bit in whatever order they come.

/// 32 bits a limb, from 2^-1074 up: a float's mantissa, wherever it lies, and room for 2^31 of them.
const LIMBS: usize = 68;

/// A sum as a fixed-point number wide enough for every finite float.
///
/// Source: the accumulator of Kulisch (2013), Computer Arithmetic and Validity, chapter 8.
#[derive(Clone)]
pub(super) struct ExactSum {
    limbs: Box<[i64; LIMBS]>,
    pub(super) count: u64,
}

impl ExactSum {
    pub(super) fn new() -> Self {
        Self { limbs: Box::new([0; LIMBS]), count: 0 }
    }

    /// Adds a finite value.
    pub(super) fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let exponent = (bits >> 52) & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | (1 << 52) };
        let shift = exponent.max(1) as usize - 1;
        let wide = u128::from(mantissa) << (shift % 32);
        let sign = if value.is_sign_negative() { -1 } else { 1 };
        for (index, limb) in self.limbs[shift / 32..].iter_mut().take(3).enumerate() {
            *limb += sign * i64::from((wide >> (32 * index)) as u32);
        }
        self.count += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (limb, more) in self.limbs.iter_mut().zip(other.limbs.iter()) {
            *limb += more;
        }
        self.count += other.count;
    }

    /// The mean; its last bit or two may be rounded, always in the same way. `None` without values.
    pub(super) fn mean(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let (sign, limbs) = self.magnitude();
        // In two factors, as one of them alone may leave the range of floats.
        let scaled = |(index, limb): (usize, &i64)| {
            let exponent = 32 * index as i32 - 1074;
            *limb as f64 * 2.0_f64.powi(exponent / 2) * 2.0_f64.powi(exponent - exponent / 2)
        };
        // From the highest on, so that what lies below the mantissa only rounds it.
        let sum: f64 = limbs.iter().enumerate().rev().filter(|(_, limb)| **limb != 0).map(scaled).sum();
        Some(sign * sum / self.count as f64)
    }

    /// The sign, and limbs that are all from 0 to 2^32 - 1.
    fn magnitude(&self) -> (f64, [i64; LIMBS]) {
        let carried = |negate: i64| {
            let mut limbs = [0; LIMBS];
            let mut carry = 0_i64;
            for (place, limb) in limbs.iter_mut().zip(self.limbs.iter()) {
                let value = negate * limb + carry;
                *place = value & 0xffff_ffff;
                carry = value >> 32;
            }
            (carry < 0, limbs)
        };
        match carried(1) {
            (false, limbs) => (1.0, limbs),
            (true, _) => (-1.0, carried(-1).1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> f64 {
        let mut sum = ExactSum::new();
        for value in values {
            sum.add(*value);
        }
        sum.mean().unwrap()
    }

    #[test]
    fn order_and_cancellation_cost_no_bit() {
        let values = [1e16, 1.0, -1e16, 3.0, 1e-300, -2.5, 1e75, -1e75, 0.1];
        let turned: Vec<f64> = values.iter().rev().copied().collect();
        assert_eq!(mean(&values).to_bits(), mean(&turned).to_bits());
        // Python: math.fsum of these over 9 is 0.17777777777777778.
        assert!((mean(&values) - 0.177_777_777_777_777_78).abs() < 1e-16);
        assert!((mean(&[-0.1, -0.1, -0.1]) + 0.1).abs() < 2e-17);
        assert!((mean(&[5e-324]) - 5e-324).abs() <= 0.0 && mean(&[1.5, -1.5]).abs() <= 0.0);
        let mut halves = [ExactSum::new(), ExactSum::new()];
        values.iter().enumerate().for_each(|(index, value)| halves[index % 2].add(*value));
        let [mut one, other] = halves;
        one.merge(&other);
        assert_eq!(one.mean().unwrap().to_bits(), mean(&values).to_bits());
        assert_eq!(ExactSum::new().mean(), None);
    }
}
