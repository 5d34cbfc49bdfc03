"""Writes further.json: reference values beside those of statistics.json.

Made with SciPy 1.17.1, mpmath 1.4.1, NumPy 2.4.6, statsmodels 0.15.0, pingouin 0.7.0 under CPython 3.11:

    python make_further.py > further.json
"""

import json
import pathlib

import numpy as np
import pandas as pd
import pingouin as pg
import scipy.stats as st
import statsmodels.formula.api as smf
from mpmath import mp, mpf

from statsmodels.stats.anova import anova_lm

mp.dps = 30
HERE = pathlib.Path(__file__).parent
DATA = json.loads((HERE / "statistics.json").read_text())["datasets"]
GROUPS = [np.array(DATA[name]) for name in ("g1", "g2", "g3")]


def shapiro():
    """Shapiro-Wilk on both sides of the change of formula at 11 and 12 values."""
    cases = []
    for n in (4, 5, 6, 11, 12, 30, 200):
        values = np.round(np.random.default_rng(n).gamma(4.0, size=n), 3)
        found = st.shapiro(values)
        cases.append({"values": values.tolist(), "w": float(found.statistic), "p": float(found.pvalue)})
    return cases


def fligner_of_tenths():
    """Fligner-Killeen of the groups in tenths: whole numbers, so that equal distances tie."""
    return [float(x) for x in st.fligner(*[np.rint(group * 10) for group in GROUPS])]


def chi_squared():
    """Upper tails by mpmath's regularised gamma function."""
    tail = lambda x, df: float(mp.gammainc(mpf(df) / 2, mpf(x) / 2, regularized=True))
    points = [(0.01, 1), (3.84, 1), (60, 1), (0.5, 2), (9.0, 3), (28.5, 4), (250, 7), (180, 199), (400, 199), (2100, 2000)]
    return [[x, df, tail(x, df)] for x, df in points]


def anova_type_1():
    """The sequential analysis of the unbalanced sweep, activation first."""
    table = anova_lm(smf.ols("y ~ C(act)*C(arch)", pd.DataFrame(DATA["two_unbal"])).fit(), typ=1)
    columns = ["sum_sq", "df", "F", "PR(>F)"]
    return {name: [None if np.isnan(x) else float(x) for x in table[name]] for name in columns}


def huynh_feldt():
    """Both epsilons of ten blocks whose arms vary more and more, by pingouin, and the p value with that of Huynh and Feldt."""
    blocks = np.round(np.random.default_rng(7).normal(size=(10, 4)) * [1, 2, 4, 8] + [0, 1, 2, 6], 2)
    frame = pd.DataFrame(blocks, columns=list("ABCD"))
    long = frame.melt(ignore_index=False, var_name="t").reset_index(names="s")
    statistic = float(pg.rm_anova(long, dv="value", within="t", subject="s")["F"].iloc[0])
    gg, hf = (float(pg.epsilon(frame, correction=name)) for name in ("gg", "hf"))
    return {"blocks": blocks.tolist(), "gg": gg, "hf": hf, "p": float(st.f.sf(statistic, 3 * hf, 27 * hf))}


def two_within():
    """Epsilon and generalised eta squared of two factors within seeds, by pingouin."""
    frame = pd.DataFrame(DATA["two"])
    table = pg.rm_anova(frame, dv="y", within=["act", "arch"], subject="seed")
    return [{"epsilon": float(row["eps"]), "ng2": float(row["ng2"])} for _, row in table.iterrows()]


if __name__ == "__main__":
    sections = [shapiro, fligner_of_tenths, chi_squared, anova_type_1, huynh_feldt, two_within]
    print(json.dumps({section.__name__: section() for section in sections}, indent=1))
