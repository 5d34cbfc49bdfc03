#!/usr/bin/env python3
"""Compares the curves of the runs of two directories of one sweep.

  compare.py bytes ONE OTHER     are all metrics.csv the same, byte by byte?
  compare.py losses ONE OTHER    how far apart are the training losses, by architecture?

Ends with 1 where bytes differ, or where a decoder's loss, which has no dropout, is further than BOUND apart. An encoder's dropout
is drawn by each device's own generator, so that its losses are near to each other and no more.
"""
import csv
import json
import pathlib
import sys

BOUND = 1e-5


def runs(directory):
    """The folder of each run by its id."""
    found = {path.parent.name: path.parent for path in pathlib.Path(directory).glob("runs/*/metrics.csv")}
    if not found:
        sys.exit(f"{directory} has no run with a metrics.csv")
    return found


def losses(folder):
    rows = csv.DictReader((folder / "metrics.csv").open())
    return {row["step"]: float(row["value"]) for row in rows if row["metric"] == "train-loss"}


def main():
    how, one, other = sys.argv[1:]
    one, other = runs(one), runs(other)
    if set(one) != set(other):
        sys.exit("the two have not the same runs")
    if how == "bytes":
        differing = [run for run in one if (one[run] / "metrics.csv").read_bytes() != (other[run] / "metrics.csv").read_bytes()]
        print(f"{len(one)} runs, {len(differing)} differ", *differing)
        sys.exit(bool(differing))
    worst = {}
    for run, folder in one.items():
        levels = json.loads((folder / "run.json").read_text())["levels"]
        first, second = losses(folder), losses(other[run])
        far = max(abs(first[step] / second[step] - 1) for step in second)
        architecture = levels["architecture"]
        worst[architecture] = max(worst.get(architecture, (0, "")), (far, levels["activation"]))
    for architecture, (far, activation) in sorted(worst.items()):
        print(f"{architecture}: {far:.1e} at most ({activation})")
    sys.exit(worst["gpt-neo"][0] > BOUND)


main()
