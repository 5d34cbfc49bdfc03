"""Compares Seedbed's aggregates over several tasks with rliable on random scores.

    cargo build --release -p analysis --example procedures
    python tests/report/live/aggregates.py target/release/examples/procedures [STUDIES [SEED]]

Each study draws the number of tasks and runs, two arms, and decimals (few of them make ties). Point values are compared to 1e-12. Ends
of bootstrap intervals are random in both programs: they may lie as far apart as `ERRORS` of their standard errors. rliable's interquartile
mean is SciPy's truncated mean, which keeps more than a half where the number of scores does not divide by four; it is compared with
Seedbed's function of that name, and with the interquartile mean where it does. Needs numpy, scipy and rliable (with pandas below 3).
"""
import collections
import json
import math
import subprocess
import sys
import warnings

import numpy
from rliable import library, metrics
from scipy import stats

warnings.filterwarnings("ignore")

RESAMPLES = 1000
# Of some thousand ends, one in 15,000 of normal ones lies this far out.
ERRORS = 5.0
# The standard error of the 2.5 % quantile of a normal variable by so many draws, in its standard deviations.
OF_QUANTILE = math.sqrt(0.025 * 0.975 / RESAMPLES) / stats.norm.pdf(stats.norm.ppf(0.025))


def study(random):
    """Two arms, each a table of runs x tasks, and thresholds."""
    tasks, runs, decimals = int(random.integers(1, 20)), int(random.integers(3, 13)), int(random.integers(1, 6))
    offset = random.normal(size=tasks)
    arms = [numpy.round(0.8 + 0.3 * offset + random.normal() * 0.1 + 0.2 * random.normal(size=(runs, tasks)), decimals) for _ in range(2)]
    return arms, numpy.round(random.uniform(0, 2, size=9), 2)


def question(arms, thresholds):
    rows, others = ([[float(x) for x in task] for task in arm.T] for arm in arms)
    return json.dumps({"procedure": "aggregates", "rows": rows, "others": others, "thresholds": list(thresholds), "count": RESAMPLES})


class Notes:
    def __init__(self):
        self.counts, self.differences = collections.Counter(), []

    def compare(self, name, found, expected, room, where):
        self.counts[name] += 1
        if not abs(found - expected) <= room:
            self.differences.append(f"{where}: {name}: seedbed {found}, rliable {expected}, within {room:.3g}")


def one_study(notes, where, arms, thresholds, found):
    level, baseline = arms
    for name, expected in [("mean", metrics.aggregate_mean(level)), ("iqm-truncated", metrics.aggregate_iqm(level)),
                           ("optimality-gap", metrics.aggregate_optimality_gap(level)),
                           ("improvement", metrics.probability_of_improvement(level, baseline))]:
        notes.compare(name, found[name], float(expected), 1e-12, where)
    if level.size % 4 == 0:
        notes.compare("iqm", found["iqm"], float(metrics.aggregate_iqm(level)), 1e-12, where)
    for share, expected in zip(found["profile"], library.score_distributions(level, thresholds), strict=True):
        notes.compare("profile", share, float(expected), 1e-12, where)
    for name, scores, statistic in [("mean", level, metrics.aggregate_mean), ("iqm-truncated", level, metrics.aggregate_iqm),
                                    ("improvement", [level, baseline], metrics.probability_of_improvement)]:
        function = lambda *scores, statistic=statistic: numpy.array([statistic(*scores)])
        numpy.random.seed(1)
        interval = found[f"{name}-interval"]
        room = ERRORS * math.sqrt(2) * OF_QUANTILE * interval["error"] + granularity(name, arms)
        for method, ends in [("percentile", ("low", "high")), ("basic", ("basic-low", "basic-high"))]:
            if method == "basic" and name != "mean":
                continue
            _, expected = library.get_interval_estimates({"arm": scores}, function, method=method, reps=RESAMPLES)
            for end, other in zip(ends, expected["arm"][:, 0], strict=True):
                notes.compare(f"{name}, {method} interval", interval[end], float(other), room, where)


def granularity(name, arms):
    """How far apart neighbouring values of a statistic lie at most, where it takes few."""
    level, _ = arms
    runs, tasks = level.shape
    if name == "improvement":
        return 1 / (runs * runs * tasks)
    widest = max(numpy.diff(numpy.sort(task)).max() for task in level.T)
    return widest / level.size * (1 if name == "mean" else 2)


def main():
    studies, seed = int(sys.argv[2]) if len(sys.argv) > 2 else 40, int(sys.argv[3]) if len(sys.argv) > 3 else 2026
    drawn = [study(numpy.random.default_rng([seed, number])) for number in range(studies)]
    asked = "\n".join(question(*one) for one in drawn)
    done = subprocess.run([sys.argv[1]], input=asked, capture_output=True, text=True, check=True)
    notes = Notes()
    for number, ((arms, thresholds), line) in enumerate(zip(drawn, done.stdout.splitlines(), strict=True)):
        one_study(notes, f"study {number}", arms, thresholds, json.loads(line))
    for name, count in sorted(notes.counts.items()):
        print(f"{name:<36} {count:>6} compared")
    for line in notes.differences[:40]:
        print(line)
    print(f"{len(notes.differences)} of {sum(notes.counts.values())} numbers differ")
    sys.exit(1 if notes.differences else 0)


main()
