"""Reference values that stand in tests of the report's own rules, from SciPy 1.17.1 and by enumeration.

python make_mends.py
"""

from itertools import product
from math import sqrt

import numpy as np
from scipy import integrate, optimize, stats


def equivalence_power(margin, seeds, alpha):
    """Both one-sided paired tests pass at a true difference of 0; the margin in standard deviations of the differences."""
    df = seeds - 1
    critical = stats.t.ppf(1 - alpha, df)
    size = margin * sqrt(seeds)
    spread = stats.chi(df, scale=1 / sqrt(df))

    def passing(u):
        room = size - critical * u
        return (stats.norm.cdf(room) - stats.norm.cdf(-room)) * spread.pdf(u) if room > 0 else 0.0

    return integrate.quad(passing, 0, size / critical, epsabs=1e-12, limit=500, points=[min(1.0, size / critical)])[0]


def settled(margin, alpha):
    """The least number of seeds with which both the difference test at the margin and equivalence at 0 have 80 % power."""

    def difference_power(seeds):
        critical = stats.t.ppf(1 - alpha / 2, seeds - 1)
        size = margin * sqrt(seeds)
        return stats.nct.sf(critical, seeds - 1, size) + stats.nct.cdf(-critical, seeds - 1, size)

    seeds = 3
    while min(difference_power(seeds), equivalence_power(margin, seeds, alpha)) < 0.8:
        seeds += 1
    return seeds


def noncentral_interval(level, baseline, alpha=0.05):
    n, m = len(level), len(baseline)
    df, root = n + m - 2, sqrt(n * m / (n + m))
    t = stats.ttest_ind(level, baseline).statistic
    ends = [optimize.brentq(lambda delta: stats.nct.cdf(t, df, delta) - share, -50, 50) / root for share in (1 - alpha / 2, alpha / 2)]
    from scipy.special import gammaln
    factor = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / sqrt(df / 2)
    return t / root * factor, ends


def smallest_sign_flip(differences):
    """Over all true sign patterns of these sizes: the smallest p that the two-sided test gives any of them."""
    n = len(differences)
    sums = [abs(sum(sign * size for sign, size in zip(signs, differences))) for signs in product([-1, 1], repeat=n)]
    return min(sum(other >= one for other in sums) / 2**n for one in sums)


print("settled", [(margin, alpha, settled(margin, alpha)) for margin, alpha in [(0.5, 0.05), (0.8, 0.05), (0.8, 0.01), (2.5, 0.05)]])
print("g", noncentral_interval([3.1, 2.9, 3.4], [2.7, 2.8, 2.5]))
print("sign-flip floor", smallest_sign_flip([0, 1, 2, 3, 4, 5]))


def permutation_p(level, baseline):
    """Of all ways to deal the values: twice the smaller share that is at least as high, or as low; whole numbers only."""
    values = level + baseline
    sums = np.array([0], dtype=np.int64)
    from itertools import combinations
    picks = np.array(list(combinations(range(len(values)), len(level))))
    sums = np.array(values)[picks].sum(axis=1)
    return min(1.0, 2 * min((sums >= sum(level)).mean(), (sums <= sum(level)).mean()))


def smallest_permutation(values, taken):
    from itertools import combinations
    def of(chosen):
        return permutation_p([values[i] for i in chosen], [values[i] for i in range(len(values)) if i not in chosen])
    return min(of(chosen) for chosen in combinations(range(len(values)), taken))


def sign_flip_p(differences):
    """By counting the sums of whole numbers one sign at a time."""
    counts = {0: 1}
    for size in differences:
        after = {}
        for total, count in counts.items():
            for signed in (total + size, total - size):
                after[signed] = after.get(signed, 0) + count
        counts = after
    reach = abs(sum(differences))
    return sum(count for total, count in counts.items() if abs(total) >= reach) / 2 ** len(differences)


print("permutation floor", smallest_permutation([1, 1, 1, 1, 2, 3], 3), smallest_permutation([1, 2, 3, 4, 5, 6], 3))
print("sign-flip of 30", sign_flip_p([(7 * i) % 11 - 4 for i in range(30)]))
print("permutation of 4 and 100", permutation_p([80, 95, 99, 70], [(37 * i) % 101 for i in range(100)]))
level, baseline = [50, 54, 53, 57], [40, 44, 41, 47, 43, 42, 45, 46, 44, 41, 40, 43]
error = sqrt(np.var(level, ddof=1) / 4 + np.var(baseline, ddof=1) / 12)
print("spread of unequal arms", error * sqrt(4 * 12 / 16))
