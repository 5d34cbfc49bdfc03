"""What `seedbed exec` adds to the start of a run, and whether it speaks to anybody before.

    cargo build --release && python3 tests/slurm/benchmark/wrapper.py

A run's program writes down when it began. The same program is started by itself, in turn with `seedbed exec`, and the
difference of both delays is what the wrapper adds. Where strace is installed, one more start is traced, and every
connection that is opened is counted.
"""

import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 200
SEEDBED = pathlib.Path(__file__).resolve().parents[3] / "target/release/seedbed"
PROGRAM = "date +%s%N > began; printf 'metric,value\\nloss,1\\n' > results.csv"

SWEEP = f"""
[sweep]
name = "bench"
seeds = {RUNS + 1}
[factors]
level = [1]
[trainer]
command = ["/bin/sh", "{{program}}", "{{level}}", "{{seed}}"]
[params]
program = "PROGRAM"
[analysis]
primary = "loss"
direction = "lower"
"""


def delay(command, folder):
    begun = time.time_ns()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    found = next(path for path in pathlib.Path(folder).rglob("began"))
    milliseconds = (int(found.read_text()) - begun) / 1e6
    found.unlink()
    return milliseconds


def summary(name, values):
    return f"{name}: median {statistics.median(values):.1f} ms (min {min(values):.1f}, max {max(values):.1f})"


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        program = root / "program.sh"
        program.write_text(PROGRAM)
        sweep = root / "bench.toml"
        sweep.write_text(SWEEP.replace("PROGRAM", str(program)))
        # Of this nothing but the line of its array file is used.
        subprocess.run([SEEDBED, "run", sweep, "--limit", "1"], check=True, capture_output=True)
        directory = root / "sweeps/bench"
        shutil.rmtree(directory / "runs")
        specs = [line for path in (directory / "arrays").glob("*.jsonl") for line in path.read_text().splitlines()]
        array = directory / "arrays/bench.jsonl"
        ours, plain = [], []
        for turn in range(RUNS):
            array.write_text(specs[0] + "\n")
            command = [SEEDBED, "exec", "--sweep-dir", directory, "--array", array, "--index", "0"]
            ours.append(delay(command, directory))
            shutil.rmtree(directory / "runs")
            alone = root / "alone"
            alone.mkdir(exist_ok=True)
            plain.append(delay(["/bin/sh", program], alone))
        print(summary("program by itself", plain))
        print(summary("under seedbed exec", ours))
        print(f"the wrapper adds {statistics.median(ours) - statistics.median(plain):.1f} ms, {RUNS} turns")
        if shutil.which("strace"):
            trace = root / "trace"
            subprocess.run(["strace", "-f", "-e", "trace=connect", "-o", trace, *command], check=True, capture_output=True)
            calls = [line for line in trace.read_text().splitlines() if "connect(" in line]
            print(f"connections that were opened: {len(calls)}")
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
