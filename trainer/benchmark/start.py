#!/usr/bin/env python3
"""How long a run takes from the start of its process to its first step, where its stories are prepared already.

  python start.py SWEEP_DIRECTORY/runs/ID [--trainer target/release/seedbed-trainer] [--turns 5]

The run must have been begun once, so that its stories lie in the sweep's cache. Each turn starts the trainer on a copy of its
`run.json` that logs every step, waits for the first row of `timing.csv`, takes off what that row says the step itself took, and
kills the trainer.
"""
import argparse
import csv
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def first_row(path):
    """The first complete row of timing.csv, or nothing as long as there is none."""
    if not path.exists():
        return None
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1].splitlines()
    return next(csv.DictReader(whole), None) if len(whole) > 1 else None


def turn(trainer, run, cache):
    with tempfile.TemporaryDirectory(prefix="seedbed-start-") as folder:
        folder = pathlib.Path(folder)
        description = json.loads((run / "run.json").read_text())
        description["execution"]["log-every"] = 1
        (folder / "run.json").write_text(json.dumps(description))
        began = time.monotonic()
        with open(folder / "said", "w") as said:
            child = subprocess.Popen([trainer, "run", "--dir", folder, "--cache", cache], stdout=said, stderr=said)
        try:
            while (row := first_row(folder / "timing.csv")) is None:
                if child.poll() is not None:
                    sys.exit(f"the trainer ended with {child.returncode}:\n{(folder / 'said').read_text()}")
                time.sleep(0.001)
            return time.monotonic() - began - float(row["seconds"])
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--trainer", default=str(HERE.parents[1] / "target/release/seedbed-trainer"))
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    cache = arguments.run.resolve().parent.parent / "cache"
    seconds = [turn(arguments.trainer, arguments.run, cache) for _ in range(arguments.turns)]
    print(f"start to first step: median {statistics.median(seconds):.3f} s ({', '.join(f'{one:.3f}' for one in seconds)})")


if __name__ == "__main__":
    main()
