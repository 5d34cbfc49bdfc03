"""Writes planning.json: the power of two one-sided tests, by SciPy's quadrature, and simulated as a check that fails loudly.

Made with SciPy 1.17.1 and NumPy 2.4.6 under CPython 3.11:

    python make_planning.py > planning.json
"""

import json

import numpy as np
import scipy.integrate as si
import scipy.optimize as so
import scipy.stats as st
from scipy.special import ndtr


def shape(design, n):
    """Degrees of freedom, and standard errors in a standard deviation."""
    return (n - 1, np.sqrt(n)) if design == "paired" else (2 * n - 2, np.sqrt(n / 2))


def power(design, margin, difference, n, alpha):
    """The probability that |estimate| < margin - t * error, as an integral over the distribution of the standard deviation."""
    df, root = shape(design, n)
    t, far, off = st.t.ppf(1 - alpha, df), margin * root, difference * root
    density = lambda u: st.chi.pdf(u * np.sqrt(df), df) * np.sqrt(df)
    inside = lambda u: (ndtr(far - t * u - off) - ndtr(-far + t * u - off)) * density(u)
    edges = np.unique(np.clip([0, *np.linspace(1 - 6 / np.sqrt(df), 1 + 12 / np.sqrt(df), 25)], 0, far / t))
    return sum(si.quad(inside, a, b, epsabs=1e-14, epsrel=1e-12, limit=200)[0] for a, b in zip(edges, edges[1:]))


def simulated(design, margin, difference, n, alpha, times=400_000):
    random = np.random.default_rng(n)
    df, root = shape(design, n)
    # The estimate and the mean square of normal values are independent: normal, and chi-squared over its degrees of freedom.
    error = np.sqrt(random.chisquare(df, times) / df) / root
    estimate = random.normal(difference, 1 / root, times)
    t = st.t.ppf(1 - alpha, df)
    return np.mean(np.abs(estimate) < margin - t * error)


CASES = [
    ("paired", 2.0, 0.0, 2, 0.05), ("paired", 15.0, 0.0, 2, 0.05), ("paired", 1.5, 0.0, 3, 0.05), ("paired", 2.5, 0.3, 5, 0.05),
    ("paired", 1.0, 0.0, 10, 0.05), ("paired", 1.0, -0.5, 20, 0.01), ("paired", 0.5, 0.1, 60, 0.05), ("paired", 0.1, 0.02, 2000, 0.05),
    ("independent", 3.0, 0.0, 2, 0.05), ("independent", 2.0, 0.0, 5, 0.05), ("independent", 2.0, 1.0, 8, 0.025),
    ("independent", 1.0, 0.0, 30, 0.005), ("independent", 0.3, 0.05, 400, 0.05),
]


def powers():
    cases = []
    for case in CASES:
        exact, seen = power(*case), simulated(*case)
        assert abs(exact - seen) < 5 * np.sqrt(max(exact * (1 - exact), 1e-4) / 400_000), (case, exact, seen)
        cases.append([*case, exact])
    return cases


def margins():
    """The margin that n seeds show with probability 0.8 at 0.05, where there is no difference."""
    find = lambda design, n: so.brentq(lambda m: power(design, m, 0, n, 0.05) - 0.8, 0.01, 60, xtol=1e-13, rtol=1e-13)
    return [[design, n, find(design, n)] for design in ("paired", "independent") for n in (2, 3, 5, 10, 20, 100)]


def seeds():
    """The seeds that show a margin with probability 0.9 at 0.05: the first whole number."""
    needed = []
    for design, margin, difference in [("paired", 2.0, 0.0), ("paired", 0.5, 0.1), ("independent", 1.0, 0.0), ("independent", 0.4, 0.1)]:
        n = next(n for n in range(2, 10_000) if power(design, margin, difference, n, 0.05) >= 0.9)
        needed.append([design, margin, difference, n])
    return needed


if __name__ == "__main__":
    print(json.dumps({"equivalence_power": powers(), "equivalence_margin": margins(), "equivalence_seeds": seeds()}, indent=1))
