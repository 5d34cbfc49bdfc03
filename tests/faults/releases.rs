//! Releases from 20.11 on: no option, column or word that one of them does not know.

use pretence::Version;

use crate::bench::{Bench, each};

#[test]
fn every_release_carries_out_a_sweep_and_takes_every_order() {
    each(&Version::ALL, |version| {
        let bench = Bench::with(*version, 1, 0, "time = '10m'\n");
        let said = bench.expect_alone(0, &["doctor"]);
        assert!(said.contains(&version.to_string()), "{said}");
        bench.expect(0, &["submit", "--dry-run"]);
        bench.expect(0, &["submit"]);
        bench.expect(0, &["hold"]);
        bench.expect(0, &["release"]);
        bench.expect(0, &["throttle", "2"]);
        bench.slurm.work();
        bench.slurm.forget_ended();
        bench.expect(0, &["status"]);
        bench.finish();
        bench.assert_once(1);
        // Nothing was refused, and nothing was asked that the pretence cannot tell.
        assert_eq!(bench.slurm.calls("sbatch"), 1);
    });
}
