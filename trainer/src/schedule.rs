//! The learning rate over time, as in `transformers` (`get_linear_schedule_with_warmup` and its cosine sibling).

use spec::train::{Schedule, ScheduleShape};

/// The learning rate of optimiser step `step` (from 0) out of `steps`.
///
/// It rises as peak·step/warmup, then falls from the peak to `final_fraction`·peak at `steps`: on a straight line, on
/// ½(1 + cos πp), or not at all.
pub fn learning_rate(schedule: &Schedule, step: u64, steps: u64) -> f64 {
    if step < schedule.warmup_steps {
        return schedule.peak * step as f64 / schedule.warmup_steps as f64;
    }
    let length = steps.saturating_sub(schedule.warmup_steps).max(1);
    let progress = ((step - schedule.warmup_steps) as f64 / length as f64).min(1.0);
    let remaining = match schedule.shape {
        ScheduleShape::Linear => 1.0 - progress,
        ScheduleShape::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        ScheduleShape::Constant => 1.0,
    };
    schedule.peak * (schedule.final_fraction + (1.0 - schedule.final_fraction) * remaining)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(shape: ScheduleShape, warmup_steps: u64, final_fraction: f64) -> Schedule {
        Schedule { peak: 5e-4, warmup_steps, shape, final_fraction }
    }

    #[test]
    fn the_study_s_second_step_is_what_its_log_says() {
        // The study logged 4.99939e-4 after its first of 8,280 steps.
        let rate = learning_rate(&schedule(ScheduleShape::Linear, 0, 0.0), 1, 8_280);
        assert!((rate - 4.99939e-4).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn values_are_those_of_transformers() {
        // get_cosine_schedule_with_warmup(optimizer, 10, 110) at steps 5, 10, 60, 110 of peak 5e-4.
        let cosine = schedule(ScheduleShape::Cosine, 10, 0.0);
        for (step, expected) in [(5, 2.5e-4), (10, 5e-4), (60, 2.5e-4), (110, 0.0)] {
            assert!((learning_rate(&cosine, step, 110) - expected).abs() < 1e-18, "step {step}");
        }
    }

    #[test]
    fn the_floor_is_kept() {
        let rate = learning_rate(&schedule(ScheduleShape::Linear, 0, 0.1), 100, 100);
        assert!((rate - 5e-5).abs() < 1e-18);
        let constant = learning_rate(&schedule(ScheduleShape::Constant, 0, 1.0), 99, 100);
        assert!((constant - 5e-4).abs() < 1e-18);
    }
}
