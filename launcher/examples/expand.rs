//! How long a large sweep takes to read, expand, validate and hash: `cargo run --release -p launcher --example expand`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::Instant;

use launcher::sweep::Sweep;

/// Designs of 100,000 runs: many points with few seeds cost the most, since every point is validated.
const DESIGNS: [(usize, usize); 4] = [(10, 10_000), (1_000, 100), (10_000, 10), (100_000, 1)];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("sweep.toml");
    fs::write(folder.path().join("stories.txt"), "Once there was a cat.\n")?;
    for (points, seeds) in DESIGNS {
        let mut rates = String::new();
        for rate in 1..=points / 5 {
            write!(rates, "{rate}e-6, ")?;
        }
        fs::write(
            &file,
            format!(
                "[sweep]\nname = \"large\"\nseeds = {seeds}\n[data]\ncorpus = \"stories.txt\"\n[factors]\n\
                 activation = [\"relu\", \"gelu\", \"silu\", \"geglu\", \"kan\"]\ntrain.learning-rate = [{rates}]\n"
            ),
        )?;
        let start = Instant::now();
        let sweep = Sweep::load(&file, &[])?;
        let seconds = start.elapsed().as_secs_f64();
        writeln!(std::io::stdout(), "{} runs of {points} points: {seconds:.3} s", sweep.runs.len())?;
    }
    Ok(())
}
