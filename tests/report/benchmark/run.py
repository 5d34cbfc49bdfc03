"""Times `seedbed report` on large tables beside pandas with SciPy and polars, on the same files.

    python tests/report/benchmark/run.py target/release/seedbed FOLDER [ROWS ...]

Each program reads the file, groups it by run and metric, takes the last value of each curve, and compares seven activations with
the eighth in each of four architectures by the paired t test over ten seeds. Seedbed writes its whole report besides. Needs numpy,
pandas, scipy and polars; each program is a process of its own, timed as a whole with its peak memory.
"""
import json
import os
import subprocess
import sys
import time

ROWS = [1_000_000, 10_000_000]
ACTIVATIONS = ["relu", "prelu", "silu", "swish", "gelu", "learnable-gelu", "geglu", "kan"]
ARCHITECTURES = ["gpt-neo", "roberta", "llama", "mamba"]
KEYS = ["architecture", "activation", "seed", "metric"]

PANDAS = """
import sys, pandas as pd
from scipy.stats import ttest_rel
last = pd.read_csv(sys.argv[1]).sort_values("step").groupby({keys})["value"].last()
wide = last.unstack("seed")
for (arch, act, metric), row in wide.iterrows():
    if act != "gelu":
        ttest_rel(row, wide.loc[(arch, "gelu", metric)])
"""
POLARS = """
import sys, polars as pl
from scipy.stats import ttest_rel
last = pl.scan_csv(sys.argv[1]).group_by({keys}).agg(pl.col("value").sort_by("step").last()).collect()
values = dict()
for arch, act, seed, metric, value in last.sort("seed").iter_rows():
    values.setdefault((arch, act, metric), []).append(value)
for (arch, act, metric), row in values.items():
    if act != "gelu":
        ttest_rel(row, values[(arch, "gelu", metric)])
"""


def write(path, rows):
    """Curves of 640 (run, metric) pairs, step by step, as a tracker writes them."""
    import numpy as np
    random = np.random.default_rng(1)
    runs = [(arch, act, seed, metric) for arch in ARCHITECTURES for act in ACTIVATIONS for seed in range(10)
            for metric in ["loss", "accuracy"]]
    with open(path, "w") as file:
        file.write("architecture,activation,seed,step,metric,value\n")
        for step in range(-(-rows // len(runs))):
            for (arch, act, seed, metric), value in zip(runs, random.normal(size=len(runs))):
                file.write(f"{arch},{act},{seed},{step},{metric},{value:.6f}\n")


def timed(command):
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    # The time of the processors tells programs apart where others take theirs too.
    return {"seconds": round(time.perf_counter() - start, 3), "processor": round(usage.ru_utime + usage.ru_stime, 3),
            "peak MiB": round(usage.ru_maxrss / 1024)}


def main():
    seedbed, folder = sys.argv[1:3]
    for rows in [int(text) for text in sys.argv[3:]] or ROWS:
        path = os.path.join(folder, f"curves-{rows}.csv")
        if not os.path.exists(path):
            write(path, rows)
        keys = json.dumps(KEYS)
        programs = {
            "seedbed report": [seedbed, "report", path, "--metric", "loss=lower,accuracy=higher", "--baseline",
                               "activation=gelu", "--out", os.path.join(folder, "report")],
            "polars + SciPy": [sys.executable, "-c", POLARS.replace("{keys}", keys), path],
            "pandas + SciPy": [sys.executable, "-c", PANDAS.replace("{keys}", keys), path],
        }
        for name, command in programs.items():
            best = min((timed(command) for _ in range(3)), key=lambda found: found["seconds"])
            print(f"{rows:>10} rows  {name:<16} {best['seconds']:>7.3f} s  {best['processor']:>7.3f} s of processors  {best['peak MiB']:>6} MiB", flush=True)


main()
