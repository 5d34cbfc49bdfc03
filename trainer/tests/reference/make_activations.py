"""Writes what every activation computes, for `trainer/tests/activations.rs`.

    pip install torch==2.11.0 transformers==4.57.1 mpmath numpy scipy
    python make_activations.py

The formulas below are written from the papers, entry by entry, and evaluated and differentiated by mpmath with 50 digits; nothing
of them is shared with the trainer. Where transformers or torch has the function, its values and gradients in double precision are
compared with ours before the file is written, and the start of `rational` is fitted again.

Inputs and upstream gradients are numbers that bf16 holds, learned values are numbers that fp32 holds: one file serves all three
precisions. A gradient is that of the sum of upstream · value. At a kink it is that of the piece below, unless SIDE says otherwise.
"""

import json
import random
from pathlib import Path

import mpmath as mp
import numpy as np
import torch
from scipy.optimize import least_squares
from scipy.special import erf as array_erf
from transformers.activations import ACT2FN

mp.mp.dps = 50
ROWS, WIDTH = 8, 3
ANCHORS, REACH = 64, 15
HALF, ONE = mp.mpf(1) / 2, mp.mpf(1)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def phi(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def relu(x):
    return x if x > 0 else mp.mpf(0)


def elu(x):
    return x if x > 0 else mp.expm1(x)


def gelu(x):
    return x * phi(x)


def gelu_tanh(x):
    return HALF * x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))


def silu(x):
    return x * sigmoid(x)


def selu(x):
    scale, alpha = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")
    return scale * (x if x > 0 else alpha * mp.expm1(x))


STATIC = {
    "identity": lambda x: x,
    "relu": relu,
    "leaky-relu": lambda x: x if x > 0 else x * mp.mpf("0.01"),
    "relu6": lambda x: min(relu(x), mp.mpf(6)),
    "relu2": lambda x: relu(x) ** 2,
    "elu": elu,
    "selu": selu,
    "celu": lambda x: max(mp.mpf(0), x) + min(mp.mpf(0), mp.expm1(x)),
    "tanh": mp.tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "laplace": lambda x: phi((x - mp.mpf("0.707107")) / mp.mpf("0.282095")),
    "gaussian": lambda x: mp.exp(-x * x),
    "sin": mp.sin,
    "silu": silu,
    "hardswish": lambda x: x * min(relu(x + 3), mp.mpf(6)) / 6,
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "golu": lambda x: x * mp.exp(-mp.exp(-max(x, mp.mpf(-50)))),  # at -50 the gate is below 10 to the minus 10^21
    "gelu": gelu,
    "gelu-tanh": gelu_tanh,
    "quick-gelu": lambda x: x * sigmoid(mp.mpf("1.702") * x),
}


def expanded(gate):
    return lambda x, alpha: x * (gate(x) * (1 + 2 * alpha) - alpha)


def acon_c(x, p1, p2, beta):
    return (p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x


def rational(x, numerator, denominator):
    top = sum(a * x**i for i, a in enumerate(numerator))
    return top / (1 + abs(sum(b * x ** (j + 1) for j, b in enumerate(denominator))))


def linear_spline(x, values):
    anchors = [-REACH + mp.mpf(2 * REACH * i) / (ANCHORS - 1) for i in range(ANCHORS)]
    if x <= anchors[0]:
        return values[0]
    for i in range(ANCHORS - 1):
        if x <= anchors[i + 1]:
            t = (x - anchors[i]) / (anchors[i + 1] - anchors[i])
            return (1 - t) * values[i] + t * values[i + 1]
    return values[-1]


LINE = [REACH * (2 * i / (ANCHORS - 1) - 1) for i in range(ANCHORS)]
GELU_NUMERATOR = [-0.00263604, 0.5, 0.41509804, 0.117501295, 0.01238007, 0.000287785]
GELU_DENOMINATOR = [0.0, 0.23500259, 0.0, 0.00057557]

# name: (formula of an entry, {learned tensor: where it starts})
LEARNED = {
    "star-relu": (lambda x, scale, bias: scale * relu(x) ** 2 + bias, {"scale": 0.8944, "bias": -0.4472}),
    "prelu": (lambda x, a: max(mp.mpf(0), x) + a * min(mp.mpf(0), x), {"weight": 0.25}),
    "delft-prelu": (lambda x, a: max(mp.mpf(0), x) + a * min(mp.mpf(0), x), {"alpha": 0.0}),
    "erf-relu": (lambda x, a: x if x >= 0 else a * mp.erf(x), {"alpha": 1.0}),
    "xiprelu": (
        lambda x, p, n: (softplus(p) if x > 0 else softplus(n)) * x * x + x / 2,
        {"alpha_p": float(mp.log(mp.expm1("0.8"))), "alpha_n": float(mp.log(mp.expm1("0.8")))},
    ),
    "xielu": (
        lambda x, p, n: softplus(p) * x * x + x / 2 if x > 0 else (HALF + softplus(n)) * (mp.expm1(x) - x) + x / 2,
        {"alpha_p": float(mp.log(mp.expm1("0.8"))), "alpha_n": float(mp.log(mp.expm1("0.3")))},
    ),
    "dyt": (lambda x, alpha, g, b: g * mp.tanh(alpha * x) + b, {"alpha": 0.5, "weight": 1.0, "bias": 0.0}),
    "snake": (lambda x, a: x + mp.sin(a * x) ** 2 / a, {"alpha": 1.0}),
    "swish": (lambda x, beta: x * sigmoid(beta * x), {"beta": 1.0}),
    "delft-swish": (lambda x, beta: beta * x * x * sigmoid(beta * x), {"beta": 1.0}),
    "xsilu": (expanded(sigmoid), {"alpha": 0.0}),
    "xatlu": (expanded(lambda x: (mp.atan(x) + mp.pi / 2) / mp.pi), {"alpha": 0.0}),
    "acon-c": (acon_c, {"p1": "normal", "p2": "normal", "beta": 1.0}),
    "scaled-gelu": (lambda x, a: a * gelu(x), {"alpha": 1.0}),
    "learnable-gelu": (lambda x, beta: x * phi(beta * x), {"beta": 1.0}),
    "shifted-gelu": (lambda x, beta, mu: x * phi(beta * (x - mu)), {"beta": 1.0, "mu": 0.0}),
    "scaled-learnable-gelu": (lambda x, a, beta: a * x * phi(beta * x), {"alpha": 1.0, "beta": 1.0}),
    "delft-learnable-gelu": (lambda x, a: a * gelu_tanh(x), {"alpha": 1.0}),
    "xgelu": (expanded(phi), {"alpha": 0.0}),
    "poly-relu": (
        lambda x, w, b: b + sum(w[i] * relu(x) ** (i + 1) for i in range(3)),
        {"weight": [1 / 3] * 3, "bias": 0.0},
    ),
    "rational": (rational, {"numerator": GELU_NUMERATOR, "denominator": GELU_DENOMINATOR}),
    "linear-spline": (linear_spline, {"values": LINE}),
}

# name: (function of the gate, whether it is on both halves)
GATED = {
    "glu": ("sigmoid", False),
    "bilinear": ("identity", False),
    "reglu": ("relu", False),
    "geglu": ("gelu", False),
    "delft-geglu": ("gelu-tanh", False),
    "delft-learnable-geglu": ("delft-learnable-gelu", False),
    "swiglu": ("silu", False),
    "learnable-swiglu": ("swish", False),
    "relu2-glu": ("relu2", False),
    "drelu": ("relu", True),
}

# One whose derivative at 0 is that of the piece above; and one where it is the mean of both, since |0|' is taken for 0.
SIDE = {"erf-relu": 1, "rational": 0}
KINKED = {"relu", "leaky-relu", "relu6", "prelu", "delft-prelu", "selu", "poly-relu", "erf-relu", "rational"}

# By how much an error of the argument alone moves the value, for each unit of |x|: that of fp32 in α·x.
ARGUMENT_ROUNDING = {"snake": 1e-6}

RANDOM = random.Random(4)


def bf16(x):
    return torch.tensor(x, dtype=torch.float64).bfloat16().item()


def fp32(x):
    return float(np.float32(x))


def inputs():
    def row():
        return [bf16(RANDOM.gauss(0, 2)) for _ in range(WIDTH)]

    large = bf16(1e4)
    rows = [row() for _ in range(4)]
    rows += [[0.0, 0.5, -0.5], [large, -large, 0.0], [30.0, -30.0, 6.5], [bf16(1e-3), bf16(-1e-3), bf16(-11.3)]]
    return [x for row in rows for x in row]


def owned(start, owners):
    """A learned tensor as a list for each owner, away from its start."""

    def near(value):
        centre = 0.0 if value == "normal" else value
        return fp32(centre + RANDOM.gauss(0, 1.0 if value == "normal" else 0.15 * (abs(centre) + 0.1)))

    return [[near(value) for value in start] if isinstance(start, list) else near(start) for _ in range(owners)]


def exact(value):
    return [mp.mpf(v) for v in value] if isinstance(value, list) else mp.mpf(value)


def derivative(name, f, at):
    at = mp.mpf(at)
    side = SIDE.get(name, -1) if at == 0 and name in KINKED else 0
    return mp.diff(f, at, direction=side)


def replaced(arguments, position, index, value):
    arguments = [list(a) if isinstance(a, list) else a for a in arguments]
    if index is None:
        arguments[position] = value
    else:
        arguments[position][index] = value
    return arguments


def places(arguments):
    """Every learned number of one owner: which tensor, and where in it."""
    for position, argument in enumerate(arguments):
        if isinstance(argument, list):
            yield from ((position, index) for index in range(len(argument)))
        else:
            yield position, None


def flat(tensor):
    return [v for one in tensor for v in (one if isinstance(one, list) else [one])]


def entrywise(name, formula, x, upstream, learned, owners):
    """Value, slope and learned gradients of a function of each entry."""
    y, slopes = [], []
    gradients = {key: [[mp.mpf(0)] * len(flat(tensor[:1])) for _ in range(owners)] for key, tensor in learned.items()}
    magnitudes = {key: [[mp.mpf(0)] * len(one) for one in gradient] for key, gradient in gradients.items()}
    keys = list(learned)
    for entry, (at, g) in enumerate(zip(x, upstream)):
        owner = entry % WIDTH if owners > 1 else 0
        # Not every tensor has as many owners: one that is shared has a single one.
        own = {key: min(owner, len(tensor) - 1) for key, tensor in learned.items()}
        arguments = [exact(learned[key][own[key]]) for key in keys]
        y.append(formula(mp.mpf(at), *arguments))
        slopes.append(derivative(name, lambda at: formula(at, *arguments), at))
        for position, index in places(arguments):
            start = arguments[position] if index is None else arguments[position][index]
            slope = mp.diff(lambda v: formula(mp.mpf(at), *replaced(arguments, position, index, v)), start)
            key = keys[position]
            gradients[key][own[key]][index or 0] += g * slope
            magnitudes[key][own[key]][index or 0] += abs(g * slope)
    return y, slopes, gradients, magnitudes


def poly_norm(x, weight, bias):
    """All entries: each row is normalised."""
    y = []
    for row in range(ROWS):
        entries = x[row * WIDTH : (row + 1) * WIDTH]
        for channel, entry in enumerate(entries):
            w, b = weight[min(channel, len(weight) - 1)], bias[min(channel, len(bias) - 1)]
            total = b
            for i in range(1, 4):
                mean_square = sum(v ** (2 * i) for v in entries) / WIDTH
                total += w[i - 1] * entry**i / mp.sqrt(mean_square + mp.mpf("1e-6"))
            y.append(total)
    return y


def poly_norm_case(x, upstream, learned):
    exact_x = [mp.mpf(v) for v in x]
    weight = [[mp.mpf(v) for v in row] for row in learned["weight"]]
    bias = [mp.mpf(v) for v in learned["bias"]]

    def loss(x, weight, bias):
        return sum(g * v for g, v in zip(upstream, poly_norm(x, weight, bias)))

    def put(values, index, value):
        return [value if i == index else v for i, v in enumerate(values)]

    y = poly_norm(exact_x, weight, bias)
    dx = [mp.diff(lambda v: loss(put(exact_x, i, v), weight, bias), at) for i, at in enumerate(exact_x)]
    dw = [
        [mp.diff(lambda v: loss(exact_x, put(weight, o, put(weight[o], i, v)), bias), at) for i, at in enumerate(row)]
        for o, row in enumerate(weight)
    ]
    db = [mp.diff(lambda v: loss(exact_x, weight, put(bias, o, v)), at) for o, at in enumerate(bias)]
    # Entries of a normalised row are of the size of 1.
    size = sum(map(abs, upstream))
    gradients = {"weight": dw, "bias": [[v] for v in db]}
    return y, dx, gradients, {key: [[size] * len(row) for row in one] for key, one in gradients.items()}


def case(name, granularity, x, gated, upstream):
    function, on_both = GATED.get(name, (name, False))
    owners = WIDTH if granularity == "channel" else 1
    starts = {"weight": [1 / 3] * 3, "bias": 0.0} if name == "poly-norm" else LEARNED.get(function, (None, {}))[1]
    alone = {"alpha"} if function == "dyt" else set()
    learned = {key: owned(start, 1 if key in alone else owners) for key, start in starts.items()}
    result = {"name": name, "granularity": granularity}
    if name == "poly-norm":
        y, dx, gradients, magnitudes = poly_norm_case(x, upstream, learned)
    else:
        formula = STATIC[function] if function in STATIC else LEARNED[function][0]
        inner = upstream if name not in GATED else [g * v for g, v in zip(upstream, gated)]
        y, slopes, gradients, magnitudes = entrywise(function, formula, x, inner, learned, owners)
        dx = [g * slope for g, slope in zip(inner, slopes)]
        if on_both:
            others = [formula(mp.mpf(v)) for v in gated]
            other_slopes = [derivative(function, formula, v) for v in gated]
            dx = [g * other * slope for g, other, slope in zip(upstream, others, slopes)]
            result["gated-gradient"] = [g * v * slope for g, v, slope in zip(upstream, y, other_slopes)]
            y = [v * other for v, other in zip(y, others)]
        elif name in GATED:
            result["gated-gradient"] = [g * v for g, v in zip(upstream, y)]
            y = [v * mp.mpf(other) for v, other in zip(y, gated)]
    result |= {"y": y, "x-gradient": dx, "argument-rounding": ARGUMENT_ROUNDING.get(function, 0.0)}
    result["learned"] = [
        {
            "name": key,
            "values": flat(tensor),
            "gradient": flat(gradients[key][: len(tensor)]),
            "magnitude": flat(magnitudes[key][: len(tensor)]),
        }
        for key, tensor in learned.items()
    ]
    return result


# What transformers and torch call it.
PEERS = {
    "identity": ACT2FN["linear"],
    "relu": ACT2FN["relu"],
    "leaky-relu": ACT2FN["leaky_relu"],
    "relu6": ACT2FN["relu6"],
    "relu2": ACT2FN["relu2"],
    "elu": torch.nn.ELU(),
    "selu": torch.nn.SELU(),
    "celu": torch.nn.CELU(),
    "tanh": ACT2FN["tanh"],
    "sigmoid": ACT2FN["sigmoid"],
    "softplus": torch.nn.Softplus(),
    "laplace": ACT2FN["laplace"],
    "silu": ACT2FN["silu"],
    "hardswish": torch.nn.Hardswish(),
    "mish": ACT2FN["mish"],
    "gelu": ACT2FN["gelu"],
    "gelu-tanh": ACT2FN["gelu_new"],
    "quick-gelu": ACT2FN["quick_gelu"],
    "prelu": ACT2FN["prelu"],
    "xielu": ACT2FN["xielu"],
}


def compare_with_peers(cases, x, upstream):
    checked = set()
    for one in cases:
        name = one["name"]
        if name not in PEERS or (one["learned"] and one["granularity"] != "layer"):
            continue
        module = PEERS[name].double()
        for learned in one["learned"]:
            getattr(module, learned["name"]).data = torch.tensor(learned["values"], dtype=torch.float64)
        entries = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        y = module(entries)
        (y * torch.tensor(upstream, dtype=torch.float64)).sum().backward()
        found = [y.tolist(), entries.grad.tolist()]
        for what, peers in zip(["y", "x-gradient"], found):
            for at, ours, peer in zip(x, one[what], peers):
                # Transformers' xielu moves what is nearer to 0 than 1e-6.
                if name == "xielu" and abs(at) < 1e-6:
                    continue
                # torch's softplus is x above 20, where its gradient is 2e-9 off.
                assert abs(ours - peer) <= 5e-9 * (1 + abs(ours)), (name, what, at, ours, peer)
        for learned in one["learned"]:
            for ours, peer in zip(learned["gradient"], getattr(module, learned["name"]).grad.tolist()):
                assert abs(ours - peer) <= 1e-9 * (1 + abs(ours)), (name, learned["name"], ours, peer)
        checked.add(name)
    assert checked == set(PEERS), set(PEERS) - checked


def check_rational_start():
    """The even part of the numerator and the denominator, by least squares; the odd part then is x/2 times the denominator."""
    x = np.linspace(-5, 5, 2401)
    gelu = x * (1 + array_erf(x / np.sqrt(2))) / 2

    def values(p):
        bottom = 1 + p[3] * x**2 + p[4] * x**4
        return (p[0] + p[1] * x**2 + p[2] * x**4) / bottom + x / 2

    fits = [
        least_squares(
            lambda p: values(p) - gelu,
            np.abs(np.random.default_rng(seed).normal(0, 0.2, 5)),
            bounds=([-1, -1, -1, 0, 0], [2, 2, 2, 2, 2]),
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
        )
        for seed in range(10)
    ]
    a0, a2, a4, b2, b4 = min(fits, key=lambda fit: fit.cost).x
    assert np.allclose([a0, 0.5, a2, b2 / 2, a4, b4 / 2], GELU_NUMERATOR, atol=1e-6)
    assert np.allclose([0, b2, 0, b4], GELU_DENOMINATOR, atol=1e-6)
    assert np.abs(values([a0, a2, a4, b2, b4]) - gelu).max() < 0.0036


def plain(value):
    if isinstance(value, mp.mpf):
        return float(value)
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    return value


def main():
    x = inputs()
    gated = [bf16(RANDOM.gauss(0, 1)) for _ in x]
    gated[7], gated[-1] = 0.0, bf16(200.0)
    upstream = [bf16(RANDOM.gauss(0, 1)) for _ in x]
    names = [*STATIC, *LEARNED, "poly-norm", *GATED]
    cases = []
    for name in names:
        learns = GATED.get(name, (name,))[0] not in STATIC
        for granularity in ["channel", "layer"] if learns else ["channel"]:
            cases.append(case(name, granularity, x, gated, upstream))
    cases = plain(cases)
    compare_with_peers(cases, x, upstream)
    check_rational_start()
    head = {"rows": ROWS, "width": WIDTH, "x": x, "gated": gated, "upstream": upstream}
    lines = ",\n".join(json.dumps(one) for one in cases)
    text = json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n"
    Path(__file__).with_name("activations.json").write_text(text)


if __name__ == "__main__":
    main()
