"""Writes extremes.json: what tests say far out, where a plain formula leaves the range of floats.

Made with SciPy 1.17.1, mpmath 1.4.1, NumPy under CPython 3.11; whole numbers are Python's, which have no end:

    python make_extremes.py > extremes.json
"""

import json
import math
import pathlib

import numpy as np
import scipy.stats as st
from mpmath import mp, mpf

mp.dps = 60
HERE = pathlib.Path(__file__).parent
BLOCKS = np.array(json.loads((HERE / "statistics.json").read_text())["datasets"]["blk"])


def even(count, power):
    """((i + 1/2) / count)^power for i below count."""
    return ((np.arange(count) + 0.5) / count) ** power


def combined():
    """Fisher's and Stouffer's of many p values: combine_pvalues."""
    cases = []
    for count, power in ((10, 1), (1000, 1), (1000, 1.05), (5000, 1), (100, 1.4)):
        found = {name: float(st.combine_pvalues(even(count, power), method=name).pvalue) for name in ("fisher", "stouffer")}
        cases.append({"count": count, "power": power} | found)
    return cases


def rom():
    """Rom's critical values for .05 by the recursion of the paper, every term of it, with 60 digits."""
    alpha = mpf("0.05")
    critical = [None, alpha]
    for j in range(2, 1501):
        total = sum(alpha**i for i in range(1, j))
        ways = mpf(1)
        for i in range(1, j - 1):
            ways = ways * (j - i + 1) / i
            total -= ways * critical[i + 1] ** (j - i)
        critical.append(total / j)
    return {str(j): float(critical[j]) for j in (2, 3, 4, 10, 100, 1030, 1031, 1500)}


def one_sided():
    """All on one side: 2 / 2^n, and McNemar's mid-p, half of it."""
    return {str(n): [float(mpf(2) ** (1 - n)), float(mpf(2) ** -n)] for n in (60, 1000, 1020)}


def floors():
    """2 / C(n + m, n)."""
    return [[n, m, float(mpf(2) / math.comb(n + m, n))] for n, m in ((3, 4), (50, 50), (300, 400), (508, 508), (509, 509))]


def equivalence():
    """The larger of two one-sided tests whose margin is 1000 standard errors away and more, by the tail of SciPy's t."""
    return [[t, df, float(st.t.sf(t, df))] for t, df in ((5.0, 4.0), (1000.0, 9.0), (40.0, 100.0))]


def fold(number, factor, modulus):
    """Numbers between 0 and 1 that any program makes alike."""
    return [(i * factor) % modulus / modulus for i in range(number)]


def signed_rank_counts(n, reach):
    """In how many of the 2^n patterns of signs W is 0, 1, ... reach."""
    ways = np.zeros(reach + 1, dtype=object)
    ways[0] = 1
    for rank in range(1, n + 1):
        more = ways.copy()
        if rank <= reach:
            more[rank:] += ways[: reach + 1 - rank]
        ways = more
    return ways


def rank_sum_counts(n, m, reach):
    """In how many of the C(n + m, n) choices U is 0, 1, ... reach."""
    ways = [np.zeros(reach + 1, dtype=object) for _ in range(n + 1)]
    ways[0][0] = 1
    for part in range(m + 1):
        for count in range(1, n + 1):
            ways[count][part:] += ways[count - 1][: reach + 1 - part]
    return ways[n]


def shift(values, mean, deviation, counts, total):
    """The median, and the interval by the normal approximation of the rank with the correction for continuity."""
    values = np.sort(values)
    count = int(math.floor(mean + deviation * st.norm.ppf(0.025) - 0.5))
    found = {
        "estimate": float(np.median(values)),
        "low": float(values[count]),
        "high": float(values[len(values) - 1 - count]),
        "level": float(1 - 2 * st.norm.cdf((count + 0.5 - mean) / deviation)),
    }
    if counts:
        found["exact_level"] = float(1 - 2 * mpf(int(sum(counts(count)))) / total)
    return found


def shifts():
    """Hodges and Lehmann's of many values, and the level that the interval has by counting."""
    cases = []
    for n, m in ((60, 50), (515, 515)):
        level, baseline = [x + 0.1 for x in fold(n, 7919, 10007)], fold(m, 104729, 10009)
        differences = np.subtract.outer(level, baseline).ravel()
        counts = (lambda reach: rank_sum_counts(n, m, reach)) if n < 100 else None
        deviation = math.sqrt(n * m * (n + m + 1) / 12)
        cases.append({"sizes": [n, m]} | shift(differences, n * m / 2, deviation, counts, math.comb(n + m, n)))
    for n in (250,):
        values = np.array(fold(n, 7919, 10007)) - 0.3
        first, second = np.triu_indices(n)
        deviation = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        means = (values[first] + values[second]) / 2
        cases.append({"sizes": [n]} | shift(means, n * (n + 1) / 4, deviation, lambda reach: signed_rank_counts(n, reach), 2**n))
    return cases


def mean_rank_pairs():
    """z of every pair of arms by mean ranks within blocks, positive where the first has the larger values: rankdata."""
    n, k = BLOCKS.shape
    ranks = np.apply_along_axis(st.rankdata, 1, BLOCKS).mean(axis=0)
    error = math.sqrt(k * (k + 1) / (6 * n))
    return [[i, j, float((ranks[i] - ranks[j]) / error)] for i in range(k) for j in range(i + 1, k)]


print(json.dumps({part.__name__: part() for part in (
    combined, rom, one_sided, floors, equivalence, shifts, mean_rank_pairs)}, indent=1))
