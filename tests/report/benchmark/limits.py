"""Times what is not about large tables: start-up, two hundred arms against each other, and the stratified bootstrap, beside other programs.

    cargo build --release && cargo build --release -p analysis --example procedures
    python tests/report/benchmark/limits.py target/release FOLDER [RLIABLE_PYTHON]

Each program is a process of its own, timed as a whole, the best of some; rliable and SciPy are timed without their imports. Beside the time
stands what it took of the processors, which tells programs apart where others take theirs too. The tables go to FOLDER. Needs numpy, scipy and statsmodels, and for the bootstrap a Python that has rliable (with pandas below 3).
"""
import json
import os
import subprocess
import sys
import time

import numpy

TASKS, SEEDS, RESAMPLES, ARMS = 16, 10, 10_000, 200

PAIRS = """
import csv, itertools, sys, time
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests
values = dict()
for row in csv.DictReader(open(sys.argv[1])):
    values.setdefault(row["arm"], []).append(float(row["loss"]))
start = time.perf_counter(), time.process_time()
p = [ttest_rel(one, other).pvalue for one, other in itertools.combinations(values.values(), 2)]
multipletests(p, method="holm")
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""
RLIABLE = """
import json, sys, time
import numpy
from rliable import library, metrics
scores = {name: numpy.array(tasks).T for name, tasks in json.load(open(sys.argv[1])).items()}
function = lambda scores: numpy.array([metrics.aggregate_iqm(scores)])
start = time.perf_counter(), time.process_time()
library.get_interval_estimates(scores, function, reps=int(sys.argv[2]))
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""


def best(action, times):
    """The shortest time, and the least of the processors."""
    return tuple(min(values) for values in zip(*(action() for _ in range(times))))


def process(command, asked=""):
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    process.stdin.write(asked.encode())
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def told(command):
    """What a program says of its own time."""
    return tuple(map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()))


def line(what, program, found):
    print(f"{what:<58} {program:<18} {1000 * found[0]:>10.1f} ms {1000 * found[1]:>10.1f} ms of processors", flush=True)


def arms(programs, folder):
    random = numpy.random.default_rng(1)
    for seeds in (5, 10):
        path = os.path.join(folder, f"arms-{seeds}.csv")
        with open(path, "w") as file:
            file.write("arm,seed,loss\n")
            for arm in range(ARMS):
                for seed in range(seeds):
                    file.write(f"arm-{arm},{seed},{2 + random.normal() / 50:.5f}\n")
        command = [os.path.join(programs, "seedbed"), "report", path, "--factors", "arm", "--metric", "loss=lower", "--baseline", "arm-0",
                   "--out", os.path.join(folder, "arms")]
        what = f"{ARMS} arms x {seeds} seeds, all pairs"
        line(what + ", the whole report", "seedbed report", best(lambda: process(command), 5))
        line(what + ", p and Holm alone", "SciPy", told([sys.executable, "-c", PAIRS, path]))


def resamples(programs, folder, python):
    random = numpy.random.default_rng(1)
    one = {"all": numpy.round(random.normal(size=(TASKS, SEEDS)), 4).tolist()}
    many = {f"arm-{arm}": numpy.round(random.normal(size=(1, SEEDS)), 4).tolist() for arm in range(TASKS)}
    for what, scores in [(f"{TASKS} tasks x {SEEDS} seeds", one), (f"{TASKS} arms x {SEEDS} seeds, each by itself", many)]:
        what = f"{what}, {RESAMPLES} resamples"
        question = lambda rows: json.dumps({"procedure": "interquartile-interval", "rows": rows, "count": RESAMPLES})
        asked = "\n".join(question(rows) for rows in scores.values())
        line(what, "seedbed", best(lambda: process([os.path.join(programs, "examples", "procedures")], asked), 5))
        path = os.path.join(folder, "scores.json")
        with open(path, "w") as file:
            json.dump(scores, file)
        if python:
            line(what, "rliable", told([python, "-c", RLIABLE, path, str(RESAMPLES)]))


def main():
    programs, folder = sys.argv[1:3]
    line("start-up", "seedbed --version", best(lambda: process([os.path.join(programs, "seedbed"), "--version"]), 20))
    arms(programs, folder)
    resamples(programs, folder, sys.argv[3] if len(sys.argv) > 3 else None)


main()
