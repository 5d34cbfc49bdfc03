"""How far the farthest of n normal values lies from their median: what `analysis/src/report/outlying.rs` measures distances by.

For each n the 95th percentile of max |x - median| / (1.4826 median |x - median|), from two million samples, rounded up to a tenth.

    python make_outlying.py        # needs numpy; half a minute
"""
import math

import numpy

SAMPLES, ROUNDS = 100_000, 20


def farthest(random, n):
    values = random.normal(size=(SAMPLES, n))
    distances = numpy.abs(values - numpy.median(values, axis=1, keepdims=True))
    return distances.max(axis=1) / (1.482602218505602 * numpy.median(distances, axis=1))


def main():
    random = numpy.random.default_rng(2026)
    for n in [*range(5, 21), 30, 50, 100, 200]:
        rounds = ROUNDS if n <= 50 else 4
        found = numpy.quantile(numpy.concatenate([farthest(random, n) for _ in range(rounds)]), 0.95)
        print(f"{n:>4} {found:.3f} {math.ceil(10 * found) / 10:.1f}", flush=True)


main()
