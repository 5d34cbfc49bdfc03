"""Compares `seedbed report` with SciPy, statsmodels and pingouin on random studies.

    python tests/report/live/compare.py target/release/seedbed [STUDIES [SEED]]

Each study draws its arms, architectures, seeds, spread, correlation within seeds, decimals (few of them make ties) and missing runs. The
report's JSON is compared number by number with what the other programs say; every procedure has its tolerance in `TOLERANCE`. Ends with
1 and lists the studies if anything differs. Needs numpy, pandas, scipy, statsmodels and pingouin.
"""
import collections
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings

import numpy
import pandas
import pingouin
import statsmodels.formula.api as formula
from scipy import special, stats
from statsmodels.stats.anova import AnovaRM, anova_lm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW, ttost_ind

warnings.filterwarnings("ignore")

# Relative to the value, or to a tenth where that is more: values are of the size of 1.
TOLERANCE = collections.defaultdict(lambda: 1e-8, {
    "detectable difference": 1e-5,  # statsmodels solves for it by iteration
})
ARMS = ["gelu", "relu", "kan", "silu", "swish"]
STRATA = ["gpt", "bert", "mamba"]


def study(random):
    """A random table, whether its runs are paired, and a margin."""
    arms, strata = ARMS[:random.integers(2, 6)], STRATA[:random.integers(1, 4)]
    seeds, decimals = int(random.integers(3, 13)), int(random.integers(2, 7))
    between, missing = random.choice([0, 1, 3]), random.choice([0, 0, 0.1])
    rows = []
    for stratum in strata:
        for seed in range(seeds):
            shift = between * random.normal()
            for place, arm in enumerate(arms):
                value = 10 + shift + 0.4 * place * random.normal() + random.normal() * (1 + 0.3 * place)
                if random.random() >= missing:
                    rows.append((stratum, arm, seed, round(value, decimals)))
    table = pandas.DataFrame(rows, columns=["architecture", "activation", "seed", "loss"])
    return table, bool(random.integers(2)), float(random.choice([0.5, 2.0]))


def reported(seedbed, folder, table, paired, margin):
    path = os.path.join(folder, "study.csv")
    table.to_csv(path, index=False)
    command = [seedbed, "report", path, "--factors", "architecture,activation", "--metric", "loss=lower", "--baseline", "activation=gelu",
               "--margin", str(margin), "--out", os.path.join(folder, "report")] + ([] if paired else ["--unpaired"])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    with open(os.path.join(folder, "report", "report.json")) as file:
        return json.load(file)


class Notes:
    """What was compared, and what differed."""

    def __init__(self):
        self.counts, self.differences = collections.Counter(), []

    def compare(self, name, found, expected, where, scale=1.0):
        self.counts[name] += 1
        if found is None and (expected is None or math.isnan(expected)):
            return
        if found is None or expected is None or not abs(found - expected) <= TOLERANCE[name] * max(abs(expected), 1e-1 * scale):
            self.differences.append(f"{where}: {name}: seedbed {found}, others {expected}")


def tested(estimate):
    return estimate["conclusion"] if estimate["conclusion"]["kind"] == "tested" else None


def one_comparison(notes, where, level, base, comparison, paired, margin):
    """An arm beside the baseline: `level` and `base` are series by seed."""
    both = pandas.concat([level, base], axis=1, join="inner").to_numpy()
    x, y = (both[:, 0], both[:, 1]) if paired else (level.to_numpy(), base.to_numpy())
    test = tested(comparison["estimate"])
    if test is None:
        return None
    other = stats.ttest_rel(x, y) if paired else stats.ttest_ind(x, y, equal_var=False)
    interval = other.confidence_interval(0.95)
    for name, found, expected in [("t", test["t"], other.statistic), ("degrees of freedom", test["df"], other.df), ("p", test["p"], other.pvalue),
                                  ("interval", test["interval"]["low"], interval.low), ("interval", test["interval"]["high"], interval.high)]:
        notes.compare(name, found, float(expected), where)
    equivalence = comparison["equivalence"]
    if equivalence and equivalence.get("p") is not None:
        expected = DescrStatsW(x - y).ttost_mean(-margin, margin)[0] if paired else ttost_ind(x, y, -margin, margin, usevar="unequal")[0]
        notes.compare("equivalence p", equivalence["p"], float(expected), where)
    if paired and comparison["detectable"]:
        size = TTestPower().solve_power(nobs=len(x), power=0.8, alpha=0.05)
        notes.compare("detectable difference", comparison["detectable"]["alone"], size * numpy.std(x - y, ddof=1), where)
    checks(notes, where, x, y, comparison["sensitivity"], paired)
    # Two seeds decide nothing and are in no family.
    return float(other.pvalue) if min(len(x), len(y)) > 2 else None


def checks(notes, where, x, y, sensitivity, paired):
    if not sensitivity:
        return
    effect = sensitivity["standardised"]
    if effect and effect["kind"] == "d-z":
        notes.compare("effect size", effect["effect"], float(numpy.mean(x - y) / numpy.std(x - y, ddof=1)), where)
    elif effect and effect["kind"] in ("hedges-g", "g"):
        # pingouin's own Hedges' g has an approximate factor.
        half = (len(x) + len(y) - 2) / 2
        factor = math.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / math.sqrt(half)
        notes.compare("effect size", effect["effect"], factor * float(pingouin.compute_effsize(x, y, eftype="cohen")), where)
    if paired and sensitivity["correlation"] is not None:
        notes.compare("correlation", sensitivity["correlation"], float(stats.pearsonr(x, y)[0]), where)
    if paired and sensitivity["normality"] is not None:
        # Decimal differences, so that ties are ties.
        notes.compare("normality p", sensitivity["normality"], float(stats.shapiro(x - y).pvalue), where)
    for check in sensitivity["checks"]:
        method, p = check["method"], check["p"]
        difference = numpy.round(x - y, 9) if paired else None
        if method == "welch" and p is not None:
            notes.compare("Welch as a check", p, float(stats.ttest_ind(x, y, equal_var=False).pvalue), where)
        elif method == "sign-flip" and p is not None and check["error"] is None:
            result = stats.permutation_test((difference,), numpy.mean, permutation_type="samples", n_resamples=numpy.inf)
            notes.compare("sign flips", p, float(result.pvalue), where)
        elif method == "signed-rank" and p is not None and paired and check["error"] is None:
            kept = difference[difference != 0]
            ranks = stats.rankdata(numpy.abs(kept))
            total = ranks.sum()
            sums = [sum(s) for s in itertools.product(*[(0, r) for r in ranks])] if len(kept) <= 14 else None
            if sums is not None:
                seen = abs(ranks[kept > 0].sum() - total / 2)
                expected = numpy.mean(numpy.abs(numpy.array(sums) - total / 2) >= seen - 1e-9)
                notes.compare("signed ranks", p, float(expected), where)
        elif method in ("rank-sum", "mann-whitney") and p is not None and not paired and math.comb(len(x) + len(y), len(x)) < 20000:
            result = stats.mannwhitneyu(x, y, method=stats.PermutationMethod(n_resamples=numpy.inf))
            notes.compare("rank sums", p, float(result.pvalue), where)


def description(notes, where, values, found):
    notes.compare("mean", found["mean"], float(values.mean()), where)
    notes.compare("median", found["median"], float(values.median()), where)
    if len(values) > 1:
        notes.compare("standard deviation", found["sd"], float(values.std()), where)
        low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        notes.compare("interval of a mean", found["interval"]["low"], float(low), where)
        notes.compare("interval of a mean", found["interval"]["high"], float(high), where)


def one_stratum(notes, where, table, stratum, paired, margin):
    """Compares a stratum. Answers the comparisons with their p values, for the correction of the family."""
    arms = [arm["level"] for arm in stratum["arms"]]
    series = {arm: table[table.activation == arm].set_index("seed").loss.rename(arm) for arm in arms}
    family = []
    for arm in stratum["arms"]:
        here = f"{where}, {arm['level']}"
        if len(series[arm["level"]]):
            description(notes, here, series[arm["level"]], arm["description"])
        if arm["comparison"]:
            p = one_comparison(notes, here, series[arm["level"]], series["gelu"], arm["comparison"], paired, margin)
            if p is not None:
                family.append((here, p, arm["comparison"]["holm_p"]))
    tested_pairs = [pair for pair in stratum["pairs"] or [] if pair["p"] is not None]
    if tested_pairs:
        expected = []
        for pair in tested_pairs:
            one, other = (series[arms[pair[key]]] for key in ("first", "second"))
            both = pandas.concat([one, other], axis=1, join="inner").to_numpy()
            test = stats.ttest_rel(both[:, 1], both[:, 0]) if paired else stats.ttest_ind(other, one, equal_var=False)
            expected.append(float(test.pvalue))
        for pair, p, holm in zip(tested_pairs, expected, multipletests(expected, method="holm")[1]):
            notes.compare("p of a pair", pair["p"], p, where)
            notes.compare("Holm p of a pair", pair["holm_p"], float(holm), where)
    whole = table.pivot(index="seed", columns="activation", values="loss").dropna()
    if stratum["ranking"] and paired and len(arms) > 2 and not table.pivot(index="seed", columns="activation", values="loss").isna().any().any():
        ranks = whole.rank(axis=1).mean()
        for rank in stratum["ranking"]["ranks"]:
            notes.compare("mean rank", rank["rank"], float(ranks[arms[rank["arm"]]]), where)
    return family


def over_strata(notes, where, table, effects):
    """The factor over all strata, where the design is balanced."""
    if effects["blocks"] == "none":
        # A seed of an arm is one replication, scored in every stratum.
        subjects = table.assign(subject=table.activation + table.seed.astype(str))
        found = pingouin.mixed_anova(subjects, dv="loss", within="architecture", subject="subject", between="activation").set_index("Source")
        rows = {"interaction": "Interaction", "main_effect": "activation"}
        value, p = "F", "p_unc" if "p_unc" in found else "p-unc"
        by_their_arms(notes, where, table, effects)
    else:
        # A seed may favour an arm in all strata: each effect has its own interaction with the seed as error.
        found = AnovaRM(table, "loss", "seed", within=["activation", "architecture"]).fit().anova_table
        rows = {"interaction": "activation:architecture", "main_effect": "activation"}
        value, p = "F Value", "Pr > F"
        averages(notes, where, table, effects)
    for name, row in rows.items():
        if effects[name]:
            notes.compare(f"F of the {name.replace('_', ' ')}", effects[name]["f"], float(found.loc[row, value]), where)
            notes.compare(f"p of the {name.replace('_', ' ')}", effects[name]["p"], float(found.loc[row, p]), where)


def averages(notes, where, table, effects):
    """The arms against the baseline over all strata: from eight seeds on by the paired t test of the seeds' means, below with the error of
    all arms' means."""
    means = table.groupby(["seed", "activation"]).loss.mean().unstack()
    seeds, arms = means.shape
    residual = anova_lm(formula.ols("loss ~ C(activation) + C(seed)", means.stack().rename("loss").reset_index()).fit()).loc["Residual"]
    raw = []
    for contrast in effects["contrasts"]:
        test = tested(contrast["judged"]["estimate"])
        if test is None:
            return
        difference = means[contrast["level"]] - means["gelu"]
        other = stats.ttest_1samp(difference, 0)
        if seeds >= 8 or arms == 2:
            t, df, p = other.statistic, seeds - 1, other.pvalue
        else:
            notes.compare("own p of an average", tested(contrast["judged"]["own"])["p"], float(other.pvalue), where)
            borne_out(notes, where, contrast, other.pvalue)
            t, df = difference.mean() / math.sqrt(2 * residual["mean_sq"] / seeds), (seeds - 1) * (arms - 1)
            p = 2 * stats.t.sf(abs(t), df)
        raw.append((float(p), contrast["judged"]["adjusted_p"]))
        for name, found, expected in [("t of an average", test["t"], t), ("degrees of freedom of an average", test["df"], df),
                                      ("p of an average", test["p"], p)]:
            notes.compare(name, found, float(expected), where)
    if seeds >= 8 and effects["leads"] == "main-effects":
        for (_, found), expected in zip(raw, multipletests([p for p, _ in raw], method="holm")[1]):
            notes.compare("Holm p of an average", found, float(expected), where)


def borne_out(notes, where, contrast, own):
    """The adjusted p is at least the one without the error of other arms."""
    adjusted = contrast["judged"]["adjusted_p"]
    if adjusted is not None:
        notes.compare("adjusted p that its own bears out", adjusted, max(adjusted, float(own)), where)


def by_their_arms(notes, where, table, effects):
    """The arms against the baseline over all strata where runs are not paired: Welch's test of the seeds' means."""
    means = table.groupby(["seed", "activation"]).loss.mean().unstack()
    for contrast in effects["contrasts"]:
        test = tested(contrast["judged"]["own"])
        if test is None:
            return
        other = stats.ttest_ind(means[contrast["level"]], means["gelu"], equal_var=False)
        notes.compare("own p of an average", test["p"], float(other.pvalue), where)
        notes.compare("degrees of freedom of an average", test["df"], float(other.df), where)
        borne_out(notes, where, contrast, other.pvalue)


def main():
    seedbed = sys.argv[1]
    studies, seed = int(sys.argv[2]) if len(sys.argv) > 2 else 300, int(sys.argv[3]) if len(sys.argv) > 3 else 2026
    notes = Notes()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(studies):
            table, paired, margin = study(numpy.random.default_rng([seed, number]))
            if table.groupby("architecture").activation.nunique().min() < table.activation.nunique():
                continue
            report = reported(seedbed, folder, table, paired, margin)
            contrast = report["metrics"][0]["contrasts"][0]
            family = []
            for stratum in contrast["strata"]:
                name = stratum["settings"][0]["level"] if stratum["settings"] else table.architecture.iloc[0]
                rows = table[table.architecture == name]
                family += one_stratum(notes, f"study {number}, {name}", rows, stratum, paired, margin)
            if family:
                for (here, _, found), expected in zip(family, multipletests([p for _, p, _ in family], method="holm")[1]):
                    notes.compare("Holm p", found, float(expected), here)
            balanced = table.groupby(["architecture", "activation"]).size().nunique() == 1 and (
                len(table) == table.architecture.nunique() * table.activation.nunique() * table.seed.nunique())
            effects = contrast["effects"]
            if effects and balanced and effects["interaction"]:
                over_strata(notes, f"study {number}", table, effects)
    for name, count in sorted(notes.counts.items()):
        print(f"{name:<32} {count:>6} compared, within {TOLERANCE[name]:g}")
    for line in notes.differences[:40]:
        print(line)
    print(f"{len(notes.differences)} of {sum(notes.counts.values())} numbers differ")
    sys.exit(1 if notes.differences else 0)


main()
