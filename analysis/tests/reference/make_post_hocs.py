"""Writes post_hocs.json: comparisons after rank tests, outlying values, and what has no other program here.

Made with scikit-posthocs 0.17.1, SciPy 1.17.1, NumPy 2.4.6 under CPython 3.11:

    python make_post_hocs.py > post_hocs.json
"""

import json
import math
import pathlib

import numpy as np
import scikit_posthocs as ph
import scipy.integrate as si
import scipy.stats as st

HERE = pathlib.Path(__file__).parent
DATA = json.loads((HERE / "statistics.json").read_text())["datasets"]
GROUPS = [DATA[name] for name in ("g1", "g2", "g3")]
BLOCKS = np.array(DATA["blk"])
# 54 values of vitamin E in infants: Rosner (1983), as in the engineering handbook of NIST, section 1.3.5.17.3.
ROSNER = [-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70, 1.76, 1.77, 1.81,
          1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92,
          2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01]
# Four methods of assembly, nine people: Skillings and Mack (1981), table 1, and their answer.
ASSEMBLY = [[3.2, 4.1, 3.8, 4.2], [3.1, 3.9, 3.4, 4.0], [4.3, 3.5, 4.6, 4.8], [3.5, 3.6, 3.9, 4.0], [3.6, 4.2, 3.7, 3.9],
            [4.5, 4.7, 3.7, None], [None, 4.2, 3.4, None], [4.3, 4.6, 4.4, 4.9], [3.5, None, 3.7, 3.9]]


def conover_iman():
    return ph.posthoc_conover(GROUPS).to_numpy().tolist()


def siegel():
    return ph.posthoc_siegel_friedman(BLOCKS).to_numpy().tolist()


def miller():
    return ph.posthoc_miller_friedman(BLOCKS).to_numpy().tolist()


def outliers():
    kept = ph.outliers_gesd(np.array(ROSNER), outliers=10, alpha=0.05)
    steps, left = [], list(ROSNER)
    for _ in range(10):
        values = np.array(left)
        distances = abs(values - values.mean()) / values.std(ddof=1)
        size = len(left)
        t = st.t.ppf(1 - 0.05 / (2 * size), size - 2)
        steps.append([float(distances.max()), float((size - 1) * t / math.sqrt((size - 2 + t * t) * size))])
        left.pop(int(distances.argmax()))
    return {"values": ROSNER, "outlying": len(ROSNER) - len(kept), "steps": steps}


def skillings_mack():
    """By a generalised inverse of the whole covariance, which the answer does not depend on."""
    arms = len(ASSEMBLY[0])
    sums, covariance = np.zeros(arms), np.zeros((arms, arms))
    for block in ASSEMBLY:
        here = [arm for arm in range(arms) if block[arm] is not None]
        ranks = st.rankdata([block[arm] for arm in here])
        for arm, rank in zip(here, ranks):
            sums[arm] += math.sqrt(12 / (len(here) + 1)) * (rank - (len(here) + 1) / 2)
            for other in here:
                if other != arm:
                    covariance[arm, other] -= 1
                    covariance[arm, arm] += 1
    statistic = float(sums @ np.linalg.pinv(covariance) @ sums)
    assert abs(statistic - 15.493) < 5e-4, statistic  # as published
    return {"blocks": ASSEMBLY, "statistic": statistic, "p": float(st.chi2.sf(statistic, arms - 1))}


def t_mixture():
    """By quadrature over the effect, of SciPy's noncentral t."""
    cases = []
    for t, n, variance in [(1.0, 3, 1.0), (3.5, 5, 1.0), (2.2, 10, 0.5), (-4.0, 20, 2.0), (0.0, 8, 1.0)]:
        scale = math.sqrt(variance)
        density = lambda effect: st.nct.pdf(t, n - 1, math.sqrt(n) * effect) * st.norm.pdf(effect, scale=scale)
        mixed = si.quad(density, -8 * scale, 8 * scale, epsabs=1e-14, epsrel=1e-11, limit=400, points=[0])[0]
        cases.append([t, n, variance, mixed / st.t.pdf(t, n - 1)])
    return cases


if __name__ == "__main__":
    sections = [conover_iman, siegel, miller, outliers, skillings_mack, t_mixture]
    print(json.dumps({section.__name__: section() for section in sections}, indent=1))
