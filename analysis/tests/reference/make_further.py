"""Writes further.json: reference values beside those of statistics.json.

Made with SciPy 1.17.1, mpmath 1.4.1, NumPy 2.4.6, statsmodels 0.15.0, pingouin 0.7.0 under CPython 3.11:

    python make_further.py > further.json
"""

import json
import pathlib

import numpy as np
import pandas as pd
import pingouin as pg
import scipy.integrate as si
import scipy.optimize as so
import scipy.stats as st
import statsmodels.formula.api as smf
from mpmath import mp, mpf
from scipy.special import gammaln, ndtr

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


def range_tails():
    """Far tails of the studentized range from its definition, in 30 digits, both integrals by the trapezoidal rule."""
    upper = mp.memoize(lambda z: mp.erfc(z / mp.sqrt(2)) / 2)

    def plain(r, k):
        step, total = mpf(1) / 4, mpf(0)
        for index in range(-int(4 * (10 + r / 2)), 36):
            z = index * step
            total += mp.exp(-z * z / 2) * (upper(z) ** (k - 1) - (upper(z) - mp.erfc((z + r) / mp.sqrt(2)) / 2) ** (k - 1))
        return k * total * step / mp.sqrt(2 * mp.pi)

    def tail(q, k, df):
        step, weights, total = 1 / mp.sqrt(2 * df) / 3, mpf(0), mpf(0)
        for index in range(-120, 18):
            weight = mp.exp(df * (index * step - mp.expm1(2 * index * step) / 2))
            weights += weight
            total += weight * plain(q * mp.exp(index * step), k)
        return float(total / weights)

    return [[q, k, df, tail(mpf(q), k, mpf(df))] for q, k, df in [(30, 3, 12), (14, 5, 60), (60, 20, 8), (9, 50, 200)]]


def dunnett_tails():
    """The largest of correlated |t| with loadings of groups of unequal size, by SciPy's quadrature."""
    cases = []
    for sizes, control, df, t in [([3, 9, 20], 6, 34, 2.4), ([5] * 9, 5, 60, 2.7689), ([4, 4, 100], 3, 107, 3.1)]:
        loadings = np.sqrt([n / (n + control) for n in sizes])
        cases.append({"loadings": loadings.tolist(), "df": df, "t": t, "p": dunnett_tail(loadings, df, t)})
    return cases


def dunnett_tail(loadings, df, t):
    own = np.sqrt(1 - loadings**2)

    def within(z, r):
        factors = ndtr((r - loadings * z) / own) - ndtr((-r - loadings * z) / own)
        return np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * np.prod(factors)

    lead = np.log(2) + df / 2 * np.log(df / 2) - gammaln(df / 2)

    def node(s):
        density = np.exp(lead + (df - 1) * np.log(s) - df * s * s / 2)
        return density * si.quad(within, -9, 9, args=(t * s,), epsabs=1e-12, epsrel=1e-11, limit=200)[0]

    return 1 - si.quad(node, 1e-9, 1 + 12 / np.sqrt(2 * df), epsabs=1e-11, epsrel=1e-10, limit=200, points=[1])[0]


def random_groups():
    """Groups of random number, size, spread and ties: SciPy, and pingouin for Welch's analysis of variance."""
    cases = []
    for number in range(8):
        random = np.random.default_rng(100 + number)
        sizes = random.integers(3, 10, size=random.integers(2, 8))
        groups = [np.round(random.normal(random.normal(), random.uniform(0.5, 3), size=n), 1) for n in sizes]
        frame = pd.DataFrame({"y": np.concatenate(groups), "g": np.repeat(np.arange(len(sizes)), sizes)})
        pair = lambda found: [float(found.statistic), float(found.pvalue)]
        welch = pg.welch_anova(frame, dv="y", between="g").iloc[0]
        dunnett = dunnett_of(groups)
        cases.append(
            {
                "groups": [group.tolist() for group in groups],
                "kruskal": pair(st.kruskal(*groups)),
                "one_way": pair(st.f_oneway(*groups)),
                "welch": [float(welch["F"]), float(welch["p_unc"])],
                "levene": pair(st.levene(*groups, center="median")),
                "bartlett": pair(st.bartlett(*groups)),
                "tukey": st.tukey_hsd(*groups).pvalue.tolist(),
                "games_howell": st.tukey_hsd(*groups, equal_var=False).pvalue.tolist(),
                "dunnett": dunnett,
            }
        )
    return cases


def dunnett_of(groups):
    """p of each group against the first, by SciPy's quadrature."""
    df = sum(len(group) - 1 for group in groups)
    square = sum(((group - group.mean()) ** 2).sum() for group in groups) / df
    control = groups[0]
    loadings = np.sqrt([len(group) / (len(group) + len(control)) for group in groups[1:]])
    ratios = [
        abs(group.mean() - control.mean()) / np.sqrt(square * (1 / len(group) + 1 / len(control))) for group in groups[1:]
    ]
    return [float(dunnett_tail(loadings, df, t)) for t in ratios]


def kenward_roger():
    """Unbalanced mixed models from the definitions in Kenward and Roger (1997), with whole matrices and the likelihood maximised by
    SciPy: nothing is summed by seed, and the derivatives of the information are traces of products of n x n matrices."""
    return [kenward_roger_case(*case) for case in [(4, 6, 4, 0.8, 1.0), (11, 9, 5, 0.7, 1.5), (20, 4, 3, 0.9, 2.0)]]


def kenward_roger_case(number, seeds, arms, kept, spread):
    random = np.random.default_rng(number)
    runs = [(arm, seed) for arm in range(arms) for seed in range(seeds) if random.random() < kept]
    seed = np.unique([seed for _, seed in runs], return_inverse=True)[1]
    shift = random.normal(size=seeds) * spread
    values = np.round([0.4 * arm + shift[s] + random.normal() for (arm, s) in runs], 3)
    columns = np.array([[float(arm == level) for arm, _ in runs] for level in range(arms)])
    x, z = columns.T, np.array([seed == level for level in range(seed.max() + 1)], dtype=float).T
    parts = [z @ z.T, np.eye(len(values))]
    trace = np.trace

    def fit(theta):
        v = theta[0] * parts[0] + theta[1] * parts[1]
        vi = np.linalg.inv(v)
        phi = np.linalg.inv(x.T @ vi @ x)
        beta = phi @ x.T @ vi @ values
        rest = values - x @ beta
        minus = np.linalg.slogdet(v)[1] + np.linalg.slogdet(x.T @ vi @ x)[1] + rest @ vi @ rest
        return minus, vi, phi, beta

    start = so.minimize(lambda t: fit(np.exp(t))[0], [0, 0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13}).x

    def score(log_theta):
        _, vi, phi, beta = fit(np.exp(log_theta))
        m = vi - vi @ x @ phi @ x.T @ vi
        return [trace(m @ part) - values @ m @ part @ m @ values for part in parts]

    theta = np.exp(so.root(score, start, tol=1e-13).x)
    _, vi, phi, beta = fit(theta)
    m = vi - vi @ x @ phi @ x.T @ vi
    information = np.array([[trace(m @ a @ m @ b) / 2 for b in parts] for a in parts])
    w = np.linalg.inv(information)
    p = [-x.T @ vi @ a @ vi @ x for a in parts]
    q = [[x.T @ vi @ a @ vi @ b @ vi @ x for b in parts] for a in parts]
    inner = sum(w[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in range(2) for j in range(2))
    adjusted = phi + 2 * phi @ inner @ phi

    def test(rows):
        rows = np.atleast_2d(rows)
        k = len(rows)
        theta_matrix = rows.T @ np.linalg.inv(rows @ phi @ rows.T) @ rows
        t = [theta_matrix @ phi @ p[i] @ phi for i in range(2)]
        a1 = sum(w[i, j] * trace(t[i]) * trace(t[j]) for i in range(2) for j in range(2))
        a2 = sum(w[i, j] * trace(t[i] @ t[j]) for i in range(2) for j in range(2))
        b = (a1 + 6 * a2) / (2 * k)
        g = ((k + 1) * a1 - (k + 4) * a2) / ((k + 2) * a2)
        c = 3 * k + 2 * (1 - g)
        e = 1 / (1 - a2 / k)
        v = 2 / k * (1 + g / c * b) / ((1 - (k - g) / c * b) ** 2 * (1 - (k + 2 - g) / c * b))
        rho = v / (2 * e * e)
        df = 4 + (k + 2) / (k * rho - 1)
        found = rows @ beta
        wald = found @ np.linalg.inv(rows @ adjusted @ rows.T) @ found / k
        return {"f": float(df / (e * (df - 2)) * wald), "df": float(df)}

    rows = np.array([[-1.0 if column == 0 else float(column == arm) for column in range(arms)] for arm in range(1, arms)])
    contrasts = [{"standard_error": float(np.sqrt(row @ adjusted @ row)), "df": test(row)["df"]} for row in rows]
    joint = test(rows)
    joint["p"] = float(st.f.sf(joint["f"], arms - 1, joint["df"]))
    return {
        "values": values.tolist(),
        "columns": columns.tolist(),
        "seed": seed.tolist(),
        "seed_variance": float(theta[0]),
        "residual_variance": float(theta[1]),
        "coefficients": beta.tolist(),
        "rows": rows.tolist(),
        "contrasts": contrasts,
        "joint": joint,
    }


if __name__ == "__main__":
    sections = [shapiro, fligner_of_tenths, chi_squared, anova_type_1, huynh_feldt, two_within, range_tails]
    sections += [dunnett_tails, random_groups, kenward_roger]
    print(json.dumps({section.__name__: section() for section in sections}, indent=1))
