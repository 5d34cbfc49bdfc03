"""Compares Seedbed's procedures for several arms with scikit-posthocs on random data.

    cargo build --release -p analysis --example procedures
    python tests/report/live/post_hocs.py target/release/examples/procedures [TABLES [SEED]]

Each table draws the number of groups, their sizes (equal where rows are blocks), shifts, spreads and decimals (few of them make ties). Every
p value of every pair is compared, within `TOLERANCE`. Ends with 1 and lists what differs. Needs numpy, scipy and scikit-posthocs.
"""
import collections
import json
import subprocess
import sys
import warnings

import numpy
import scikit_posthocs as posthocs
from scipy import stats

warnings.filterwarnings("ignore")

# Absolute, of p values.
TOLERANCE = collections.defaultdict(lambda: 1e-9, {
    "games-howell": 1e-7,  # SciPy's quadrature of the studentized range
    "nemenyi": 1e-7,
    "tukey": 1e-7,
    "dunnett": 5e-4,  # SciPy draws: its p has an error of about 1e-4
})
DECIMALS = 4
GROUPS = ["dunn", "conover-iman", "tukey", "games-howell", "dunnett", "pooled", "welch", "tamhane", "mann-whitney", "mann-whitney-asymptotic"]
BLOCKS = ["nemenyi", "siegel", "miller", "conover-friedman", "quade"]
ARMS = ["signed-rank", "signed-rank-asymptotic"]


def table(random, equal):
    arms, decimals = int(random.integers(3, 8)), int(random.integers(0, DECIMALS + 1))
    size = int(random.integers(4, 15))
    sizes = [size] * arms if equal else random.integers(3, 12, size=arms)
    shift = random.normal(size=size) if equal else 0
    return [numpy.round(random.normal() * 0.7 + shift + random.uniform(0.5, 2) * random.normal(size=n), decimals) for n in sizes]


def pairs(matrix):
    matrix = numpy.asarray(matrix)
    return [float(matrix[i, j]) for i in range(len(matrix)) for j in range(i + 1, len(matrix))]


def expected(name, rows):
    """Of `rows`, groups; for blocks they are the arms, too, and turned round."""
    blocks = numpy.array(rows).T if len({len(row) for row in rows}) == 1 else None
    if name == "dunnett":
        return [float(x) for x in stats.dunnett(*rows[1:], control=rows[0], random_state=1).pvalue]
    if name == "mann-whitney-asymptotic":
        return each(rows, lambda x, y: stats.mannwhitneyu(x, y, method="asymptotic").pvalue)
    if name == "mann-whitney":
        exact = lambda x, y: len(set(x) | set(y)) == len(x) + len(y)
        return each(rows, lambda x, y: stats.mannwhitneyu(x, y, method="exact").pvalue if exact(x, y) else None)
    if name == "signed-rank":
        distinct = lambda d: len(set(abs(d))) == len(d) and (d != 0).all()
        return each(rows, lambda x, y: stats.wilcoxon(difference(x, y), method="exact").pvalue if distinct(difference(x, y)) else None)
    if name == "signed-rank-asymptotic":
        some = lambda d: (d != 0).any()
        return each(rows, lambda x, y: stats.wilcoxon(difference(x, y), method="asymptotic").pvalue if some(difference(x, y)) else None)
    calls = {
        "dunn": lambda: posthocs.posthoc_dunn(rows),
        "conover-iman": lambda: posthocs.posthoc_conover(rows),
        "tukey": lambda: posthocs.posthoc_tukey(rows),
        "games-howell": lambda: posthocs.posthoc_games_howell(rows),
        "pooled": lambda: posthocs.posthoc_ttest(rows, equal_var=True),
        "welch": lambda: posthocs.posthoc_ttest(rows, equal_var=False),
        "tamhane": lambda: posthocs.posthoc_tamhane(rows),
        "nemenyi": lambda: posthocs.posthoc_nemenyi_friedman(blocks),
        "siegel": lambda: posthocs.posthoc_siegel_friedman(blocks),
        "miller": lambda: posthocs.posthoc_miller_friedman(blocks),
        "conover-friedman": lambda: posthocs.posthoc_conover_friedman(blocks),
        # In whole numbers: it ranks the blocks by their ranges, and of floats ranges that tie are not equal.
        "quade": lambda: posthocs.posthoc_quade(numpy.rint(blocks * 10**DECIMALS)),
    }
    return pairs(calls[name]())


def difference(x, y):
    # In decimals, so that ties are ties.
    return numpy.round(x - y, 9)


def each(rows, p):
    found = [p(rows[i], rows[j]) for i in range(len(rows)) for j in range(i + 1, len(rows))]
    return [None if p is None else float(p) for p in found]


def questions(tables, seed):
    asked = []
    for number in range(tables):
        groups = table(numpy.random.default_rng([seed, number, 0]), False)
        asked += [(f"table {number}", name, groups, groups) for name in GROUPS]
        arms = table(numpy.random.default_rng([seed, number, 1]), True)
        asked += [(f"table {number}", name, arms, numpy.array(arms).T) for name in BLOCKS]
        asked += [(f"table {number}", name, arms, arms) for name in ARMS]
        values = numpy.round(numpy.random.default_rng([seed, number, 2]).standard_t(3, size=20 + number % 20), 3)
        asked.append((f"table {number}", "outliers", [values], [values]))
    return asked


def main():
    tables, seed = int(sys.argv[2]) if len(sys.argv) > 2 else 200, int(sys.argv[3]) if len(sys.argv) > 3 else 2026
    asked = questions(tables, seed)
    lines = [json.dumps({"procedure": name, "rows": [[float(x) for x in row] for row in rows], "count": 4}) for _, name, _, rows in asked]
    done = subprocess.run([sys.argv[1]], input="\n".join(lines), capture_output=True, text=True, check=True)
    counts, refused, differences = collections.Counter(), collections.Counter(), []
    for (where, name, rows, _), line in zip(asked, done.stdout.splitlines(), strict=True):
        found = json.loads(line)
        if name == "outliers":
            kept = posthocs.outliers_gesd(rows[0], outliers=4)
            found, other = [sorted(numpy.delete(rows[0], found))], [sorted(kept)]
        elif isinstance(found, dict):
            refused[f"{name}: {found['refused']}"] += 1
            continue
        else:
            other = expected(name, rows)
        if len(found) != len(other):
            differences.append(f"{where}: {name}: {found} and {other}")
        for one, another in zip(found, other):
            if another is None or (one is None and numpy.isnan(another)):
                continue
            counts[name] += 1
            same = one == another if name == "outliers" else one is not None and abs(one - another) <= TOLERANCE[name]
            if not same:
                differences.append(f"{where}: {name}: seedbed {one}, others {another}")
    for name, count in sorted(counts.items()):
        print(f"{name:<24} {count:>6} compared, within {TOLERANCE[name]:g}")
    for name, count in sorted(refused.items()):
        print(f"refused {count:>4} times: {name}")
    for line in differences[:40]:
        print(line)
    print(f"{len(differences)} of {sum(counts.values())} answers differ")
    sys.exit(1 if differences else 0)


main()
