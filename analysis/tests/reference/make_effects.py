"""Writes effects.json: a factor over two strata by statsmodels 0.15.0 and SciPy 1.17.1, for tests/effects.rs.

Seeds recur in both architectures. A level's average has the error level x seed, and the interaction that of level x seed x
architecture. For balanced data the tests of REML with Kenward and Roger's degrees of freedom are those of this analysis of variance, to
the digit; Dunnett's p is integrated here from its definition.
"""
import json
import sys

import numpy as np
import pandas as pd
import scipy.stats as st
import statsmodels.formula.api as smf
from scipy.integrate import quad
from statsmodels.stats.anova import anova_lm

LEVELS, STRATA = ["gelu", "relu", "silu", "swish"], ["gpt", "bert"]


def study(seed, seeds, interaction):
    random = np.random.default_rng(seed)
    rows = []
    for stratum, arch in enumerate(STRATA):
        for run in range(seeds):
            block = random.normal(0, 0.02)
            for level, act in enumerate(LEVELS):
                effect = [0.0, 0.03, -0.01, -0.02][level] + interaction * stratum * [0.0, 0.05, 0.0, -0.04][level]
                value = 2.5 + 0.3 * stratum + effect + block + random.normal(0, 0.008)
                rows.append((arch, act, run, round(float(value), 5)))
    return pd.DataFrame(rows, columns=["architecture", "activation", "seed", "loss"])


def largest(t, df, arms):
    """P(max |t| > t) of `arms` differences from one baseline of the same size."""
    def given(s):
        inside = lambda z: st.norm.pdf(z) * (
            st.norm.cdf((t * s - z * 0.5**0.5) / 0.5**0.5) - st.norm.cdf((-t * s - z * 0.5**0.5) / 0.5**0.5)
        ) ** arms
        return quad(inside, -9, 9, epsabs=1e-12, epsrel=1e-10)[0]
    density = lambda s: st.chi2.pdf(df * s * s, df) * 2 * df * s * (1 - given(s))
    return quad(density, 0, 6, epsabs=1e-11, epsrel=1e-9, limit=200)[0]


def expected(frame):
    fit = smf.ols("loss ~ C(architecture) * C(activation) + C(architecture):C(seed)", frame).fit()
    table = anova_lm(fit, typ=1)
    variance = table.loc["Residual", "mean_sq"]
    averages = frame.groupby(["activation", "seed"], as_index=False)["loss"].mean()
    over = anova_lm(smf.ols("loss ~ C(activation) + C(seed)", averages).fit(), typ=1)
    split = anova_lm(smf.ols("loss ~ C(architecture) * C(activation) + C(architecture):C(seed) + C(activation):C(seed)", frame).fit())
    found = {name: [table.loc[row, "F"], table.loc[row, "df"], table.loc["Residual", "df"], table.loc[row, "PR(>F)"]]
             for name, row, table in [("main", "C(activation)", over), ("interaction", "C(architecture):C(activation)", split)]}
    square, df = over.loc["Residual", "mean_sq"], over.loc["Residual", "df"]
    means = frame.groupby(["activation", "architecture"])["loss"].mean().unstack().mean(axis=1)
    runs = averages.groupby("activation").size()
    error = (square * (1 / runs["gelu"] + 1 / runs["relu"])) ** 0.5
    contrasts = {}
    for level in LEVELS[1:]:
        difference = means[level] - means["gelu"]
        t = difference / error
        contrasts[level] = {"difference": difference, "error": error, "df": df, "p": 2 * st.t.sf(abs(t), df),
                            "dunnett": largest(abs(t), df, len(LEVELS) - 1)}
    wide = frame.pivot_table(index="seed", columns=["activation", "architecture"], values="loss")
    by_seed = {level: st.ttest_rel(wide[level].mean(axis=1), wide["gelu"].mean(axis=1)).pvalue for level in LEVELS[1:]}
    pair = (wide["relu"] - wide["gelu"]).mean(axis=1), (wide["swish"] - wide["silu"]).mean(axis=1)
    pooled = (means["relu"] - means["gelu"] + means["swish"] - means["silu"]) / 2
    pooled_error = (square * 4 / runs["gelu"]) ** 0.5 / 2
    return {"tests": found, "residual": variance, "contrasts": contrasts, "by_seed": by_seed,
            "pooled": {"difference": pooled, "model_p": 2 * st.t.sf(abs(pooled / pooled_error), df),
                       "seeds_p": st.ttest_1samp((pair[0] + pair[1]) / 2, 0).pvalue}}


cases = []
for name, seed, seeds, interaction in [("few", 5, 4, 0.0), ("interaction", 6, 4, 1.0), ("many", 7, 9, 0.0)]:
    frame = study(seed, seeds, interaction)
    cases.append({"name": name, "csv": frame.to_csv(index=False), "expected": expected(frame)})
json.dump(cases, open(sys.argv[1], "w"), indent=1)
