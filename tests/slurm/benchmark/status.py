"""How long `seedbed status` takes over 10,000 runs that have all written their records.

    cargo build --release && python3 tests/slurm/benchmark/status.py

One run is carried out by `seedbed run`; its record and results are copied for the others, so that every file that a real sweep
of that size has to show is read, every hash compared and the runs counted by two factors. Nothing of it is with Slurm, so the
time is all our own; what squeue takes for as many tasks is in submission.py.
"""

import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 10_000
ROUNDS = 9
SEEDBED = pathlib.Path(__file__).resolve().parents[3] / "target/release/seedbed"

SWEEP = f"""
[sweep]
name = "bench"
seeds = {RUNS // 50}
[factors]
level = [1, 2, 3, 4, 5]
width = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
[trainer]
command = ["/bin/sh", "-c", "printf 'metric,value\\\\nloss,1\\\\n' > results.csv", "{{level}}", "{{width}}", "{{seed}}"]
[analysis]
primary = "loss"
direction = "lower"
"""


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        sweep = root / "bench.toml"
        sweep.write_text(SWEEP)
        subprocess.run([SEEDBED, "run", sweep, "--limit", "1"], check=True, capture_output=True)
        directory = root / "sweeps/bench"
        done = next((directory / "runs").iterdir())
        status = json.loads((done / "status.json").read_text())
        for run in json.loads((directory / "plan.json").read_text())["runs"]:
            folder = directory / "runs" / run["id"]
            if folder != done:
                (folder / "log").mkdir(parents=True)
                (folder / "status.json").write_text(json.dumps(status | {"run": run["id"]}, indent=2))
                shutil.copy(done / "results.csv", folder)
        seconds = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            output = subprocess.run([SEEDBED, "status", sweep], check=True, capture_output=True, text=True).stdout
            seconds.append(time.perf_counter() - begun)
            assert f"{RUNS} of {RUNS} runs" in output and output.count(f"{RUNS // 50}/{RUNS // 50}") == 50, output
        low, middle, high = (1e3 * pick(seconds) for pick in (min, statistics.median, max))
        print(f"status of {RUNS} ended runs: median {middle:.0f} ms (min {low:.0f}, max {high:.0f}), {ROUNDS} turns")
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
