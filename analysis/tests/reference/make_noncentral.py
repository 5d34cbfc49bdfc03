"""Upper tails of the noncentral t distribution to 17 digits, by mpmath at 30, as the test of `statistics/noncentral.rs` has them.

    python make_noncentral.py        # needs mpmath

The integral over s = sqrt(V / df), cut where the integrand bends; SciPy's own `nct.sf` agrees where it has so many digits.
"""
from mpmath import exp, log, loggamma, mp, mpf, ncdf, nstr, quad, sqrt

mp.dps = 30
CASES = [("12.706204736432095", 1, 3), ("636.6", 1, 500), ("2.7764451051977987", 4, 2), ("2.7764451051977987", 4, -2), ("2.262", 9, "3.5"),
         ("2.09", "19.5", "0.4"), ("1.96", 1000, "2.8"), ("1.96", 100000, "2.8"), ("31.6", 2, 60), ("0", 5, "1.2"),
         ("-1.5", 7, "0.5"), ("20", 500, 25)]


def upper_tail(t, df, noncentrality):
    scale = log(2) + df / 2 * log(df / 2) - loggamma(df / 2)

    def integrand(s):
        return ncdf(noncentrality - t * s) * exp(scale + (df - 1) * log(s) - df * s * s / 2) if s > 0 else mpf(0)

    bends = {mpf(0), mpf(1) / 1000, mpf(1) / 100, mpf(1) / 10}
    bends |= {max(mpf(0), 1 + k / sqrt(2 * df)) for k in range(-14, 15)}
    if t > 0:
        bends |= {max(mpf(0), (noncentrality + k) / t) for k in range(-8, 9)}
    return quad(integrand, sorted(bends))


for case in CASES:
    print(*case, nstr(upper_tail(*map(mpf, case)), 17))
