"""Writes what every Kolmogorov-Arnold layer computes, for `trainer/tests/kan.rs`, and compares it with the packages of the layers.

    pip install torch==2.11.0 numpy scipy
    python make_kan.py [--efficient-kan DIR] [--fast-kan DIR] [--kat-rational DIR]

The layers below are written from the formulas in double precision, and nothing of them is shared with the trainer: B-splines by
the recursion of Cox and de Boor, Chebyshev polynomials as cos(n·arccos), gradients by autograd. With a checkout of a package
(Blealtan/efficient-kan, ZiyaoLi/fast-kan, Adamdad/rational_kat_cu) its own code is run on the same weights, in double precision
and in single, and how far it is from what is written here is printed and must be below 1e-5. No code of theirs is kept.

A case holds the layer as a spec is written, inputs, weights by their names in the state dict, the upstream gradient, the outputs,
and the gradients of the input and of every weight. Inputs and weights are numbers that fp32 holds.
"""

import argparse
import importlib.util
import json
import math
import random
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import least_squares

torch.set_default_dtype(torch.float64)
HIDDEN, WIDTH, ROWS = 4, 6, 7
RANDOM = random.Random(45)
SWISH = [[1.892385e-5, 0.5, 0.249924369, 0.052651934, 0.005539034, 0.000243366], [0.0, 0.105303869, 0.0, 0.000486733]]


def numbers(shape, scale=1.0, centre=0.0):
    values = [round((centre + RANDOM.gauss(0, scale)) * 1024) / 1024 for _ in range(math.prod(shape))]
    return torch.tensor(values).reshape(shape)


def silu(x):
    return x / (1 + torch.exp(-x))


def gelu(x):
    return x * torch.erfc(-x / math.sqrt(2)) / 2


def b_splines(x, grid):
    """[..., G + k] of [...]: the recursion on knots t_j = low + (j - k)h, half-open intervals."""
    intervals, order, low, high = grid["intervals"], grid["order"], grid["low"], grid["high"]
    h = (high - low) / intervals
    knots = [low + (j - order) * h for j in range(intervals + 2 * order + 1)]
    bases = [((x >= a) & (x < b)).to(x.dtype) for a, b in zip(knots, knots[1:])]
    for n in range(1, order + 1):
        bases = [
            (x - knots[i]) / (knots[i + n] - knots[i]) * bases[i]
            + (knots[i + n + 1] - x) / (knots[i + n + 1] - knots[i + 1]) * bases[i + 1]
            for i in range(len(bases) - 1)
        ]
    return torch.stack(bases, -1)


def spline_layer(x, weights, name, grid):
    spline = torch.einsum("tim,oim->toi", b_splines(x, grid), weights[f"{name}.spline_weight"])
    if f"{name}.spline_scaler" in weights:
        spline = spline * weights[f"{name}.spline_scaler"]
    return silu(x) @ weights[f"{name}.base_weight"].T + spline.sum(-1)


def radial_layer(x, weights, name, grid):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    z = (x - mean) / torch.sqrt(variance + 1e-5) * weights[f"{name}.layernorm.weight"] + weights[f"{name}.layernorm.bias"]
    count = grid["centres"]
    h = (grid["high"] - grid["low"]) / (count - 1)
    y = silu(x) @ weights[f"{name}.base_linear.weight"].T + weights[f"{name}.base_linear.bias"]
    coefficients = weights[f"{name}.spline_linear.weight"].reshape(y.shape[1], x.shape[1], count)
    for m in range(count):
        y = y + torch.exp(-(((z - (grid["low"] + m * h)) / h) ** 2)) @ coefficients[:, :, m].T
    return y


def chebyshev(x, degree):
    angle = torch.acos(torch.tanh(x))
    return [torch.cos(n * angle) for n in range(degree + 1)]


def chebyshev_layer(x, weights, name, degree):
    coefficients = weights[f"{name}.cheby_coeffs"]
    return sum(basis @ coefficients[:, :, n] for n, basis in enumerate(chebyshev(x, degree)))


def grouped_activation(x, weights, prefix, groups):
    owner = torch.arange(x.shape[1]) // (x.shape[1] // groups)
    if f"{prefix}.coeff" in weights:
        coefficients = weights[f"{prefix}.coeff"][owner]
        bases = chebyshev(x, coefficients.shape[1] - 1)
        return sum(basis * coefficients[:, n] for n, basis in enumerate(bases))
    a, b = weights[f"{prefix}.weight_numerator"][0], weights[f"{prefix}.weight_denominator"][owner]
    top = sum(a[i] * x**i for i in range(6))
    q = sum(b[:, j] * x ** (j + 1) for j in range(4))
    # At q = 0, where x = 0 is, the slope of |q| is taken for 1.
    return top / (1 + torch.where(q >= 0, q, -q))


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def spline_shapes(name, inputs, outputs, grid, scaled):
    shapes = {f"{name}.base_weight": (outputs, inputs)}
    shapes[f"{name}.spline_weight"] = (outputs, inputs, grid["intervals"] + grid["order"])
    if scaled:
        shapes[f"{name}.spline_scaler"] = (outputs, inputs)
    return shapes


def linear_shapes(name, inputs, outputs):
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


KAN = [("kan.layers.0", HIDDEN, WIDTH), ("kan.layers.1", WIDTH, HIDDEN)]
DELFT = [("first.layers.0", HIDDEN, WIDTH), ("second.layers.0", WIDTH, HIDDEN)]


def spline(fields):
    shapes = {}
    for name, inputs, outputs in KAN:
        shapes |= spline_shapes(name, inputs, outputs, fields["grid"], fields["scaled"])
    return shapes, lambda x, w: spline_layer(spline_layer(x, w, KAN[0][0], fields["grid"]), w, KAN[1][0], fields["grid"])


def delft_spline(fields):
    grid = fields["grid"]
    (first, *sizes), (second, *back) = DELFT
    shapes = spline_shapes(first, *sizes, grid, fields["scaled"])
    if fields["output"] == "linear":
        shapes |= linear_shapes("output", *back)
        return shapes, lambda x, w: linear(gelu(spline_layer(x, w, first, grid)), w, "output")
    shapes |= spline_shapes(second, *back, grid, fields["scaled"])
    return shapes, lambda x, w: spline_layer(gelu(spline_layer(x, w, first, grid)), w, second, grid)


def radial_basis(fields):
    shapes = {}
    for name, inputs, outputs in KAN:
        shapes |= {f"{name}.layernorm.weight": (inputs,), f"{name}.layernorm.bias": (inputs,)}
        shapes |= linear_shapes(f"{name}.base_linear", inputs, outputs)
        shapes[f"{name}.spline_linear.weight"] = (outputs, inputs * fields["grid"]["centres"])
    return shapes, lambda x, w: radial_layer(radial_layer(x, w, KAN[0][0], fields["grid"]), w, KAN[1][0], fields["grid"])


def chebyshev_network(fields):
    degree = fields["degree"]
    shapes = {f"{name}.cheby_coeffs": (inputs, outputs, degree + 1) for name, inputs, outputs in KAN}
    return shapes, lambda x, w: chebyshev_layer(chebyshev_layer(x, w, KAN[0][0], degree), w, KAN[1][0], degree)


def grouped(fields):
    groups, function = fields["groups"], fields["function"]
    shapes = linear_shapes("input", HIDDEN, WIDTH) | linear_shapes("output", WIDTH, HIDDEN)
    for prefix in ("act_in", "act"):
        if function == "rational":
            shapes |= {f"{prefix}.weight_numerator": (1, 6), f"{prefix}.weight_denominator": (groups, 4)}
        else:
            shapes[f"{prefix}.coeff"] = (groups, function["chebyshev"]["degree"] + 1)

    def forward(x, w):
        hidden = linear(grouped_activation(x, w, "act_in", groups), w, "input")
        return linear(grouped_activation(hidden, w, "act", groups), w, "output")

    return shapes, forward


LAYERS = {
    "spline": spline,
    "delft-spline": delft_spline,
    "radial-basis": radial_basis,
    "chebyshev": chebyshev_network,
    "grouped": grouped,
}


def case(kind, fields, largest):
    fields = {"width": WIDTH} | fields
    shapes, forward = LAYERS[kind](fields)
    centre = lambda name: 1.0 if name.endswith(("scaler", "layernorm.weight")) else 0.0
    weights = {name: numbers(shape, 0.5, centre(name)).requires_grad_() for name, shape in shapes.items()}
    x = numbers((ROWS, HIDDEN), 1.2)
    # Zero, and far off every grid.
    x[0, 0], x[1, 0], x[2, 1] = 0.0, largest, -largest
    x.requires_grad_()
    upstream = numbers((ROWS, HIDDEN))
    y = forward(x, weights)
    (y * upstream).sum().backward()
    flat = lambda tensor: tensor.detach().reshape(-1).tolist()
    return {
        "layer": {kind: fields},
        "x": flat(x),
        "upstream": flat(upstream),
        "y": flat(y),
        "x-gradient": flat(x.grad),
        "weights": [
            {"name": name, "shape": list(weight.shape), "values": flat(weight), "gradient": flat(weight.grad)}
            for name, weight in weights.items()
        ],
    }


def cases():
    grids = [(3, 5), (3, 3), (5, 3), (1, 1), (2, 3), (1, 4), (8, 2), (4, 12)]
    for intervals, order in grids:
        for scaled in (True, False) if intervals == order - 2 else (True,):
            grid = {"intervals": intervals, "order": order, "low": -1.0, "high": 1.0}
            yield case("spline", {"grid": grid, "scaled": scaled, "start": "network"}, 50.0)
    grid = {"intervals": 5, "order": 3, "low": -0.5, "high": 2.25}
    yield case("spline", {"grid": grid, "scaled": True, "start": "network"}, 50.0)
    grid = {"intervals": 3, "order": 3, "low": -1.0, "high": 1.0}
    for output in ("spline", "linear"):
        yield case("delft-spline", {"grid": grid, "scaled": True, "start": "delft", "output": output}, 50.0)
    for centres, low, high in [(8, -2.0, 2.0), (2, -1.0, 1.5), (5, 0.0, 1.0)]:
        grid = {"centres": centres, "low": low, "high": high}
        yield case("radial-basis", {"grid": grid, "start": "network"}, 50.0)
    # At 50 the slope of arccos has no end: autograd would say NaN where the trainer says 0.
    for degree in (1, 3, 4, 9):
        yield case("chebyshev", {"degree": degree}, 5.0)
    for groups in (1, 2):
        shared = {"groups": groups, "second": "swish", "start": "network"}
        for degree in (1, 3, 6):
            yield case("grouped", shared | {"function": {"chebyshev": {"degree": degree}}}, 5.0)
        yield case("grouped", shared | {"function": "rational"}, 50.0)


# --- packages ---------------------------------------------------------------------------------------------------------------


def module_of(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_peer(forward, parameters, one, kind):
    """How far outputs and gradients of a peer are from a case, relative to the largest of each. `parameters` is {name: leaf}."""
    x = torch.tensor(one["x"]).reshape(ROWS, HIDDEN).to(kind).requires_grad_()
    y = forward(x)
    (y * torch.tensor(one["upstream"]).reshape(y.shape).to(kind)).sum().backward()
    pairs = [(y, one["y"]), (x.grad, one["x-gradient"])]
    pairs += [(parameters[weight["name"]].grad, weight["gradient"]) for weight in one["weights"]]
    return max(
        float((found.detach().double().reshape(-1) - torch.tensor(expected)).abs().max() / max(1.0, *map(abs, expected)))
        for found, expected in pairs
    )


def compare(title, build, chosen):
    worst = {}
    for kind in (torch.float64, torch.float32):
        for one in chosen:
            model = build(one["layer"]).to(kind)
            state = {w["name"].removeprefix("kan."): torch.tensor(w["values"]).reshape(w["shape"]) for w in one["weights"]}
            missing, unexpected = model.load_state_dict(state, strict=False)
            assert not unexpected and all(name.endswith("grid") for name in missing), (missing, unexpected)
            parameters = {f"kan.{name}": leaf for name, leaf in model.named_parameters()}
            worst[kind] = max(worst.get(kind, 0.0), run_peer(model, parameters, one, kind))
    print(f"{title}: {len(chosen)} cases, outputs and all gradients within {worst[torch.float64]:.1e} in double precision, "
          f"{worst[torch.float32]:.1e} in single")
    assert worst[torch.float32] < 1e-5 and worst[torch.float64] < 1e-10, worst


def compare_with_efficient_kan(folder, all_cases):
    package = module_of(folder / "src/efficient_kan/kan.py")

    def build(layer):
        fields = layer["spline"]
        grid = fields["grid"]
        made = lambda i, o: package.KANLinear(
            i, o, grid_size=grid["intervals"], spline_order=grid["order"], grid_range=[grid["low"], grid["high"]],
            enable_standalone_scale_spline=fields["scaled"])
        model = package.KAN([])
        # The grid is made in the precision in which the module is.
        model.layers = torch.nn.ModuleList([made(HIDDEN, WIDTH), made(WIDTH, HIDDEN)])
        return model

    compare("efficient-kan", build, [one for one in all_cases if "spline" in one["layer"]])
    # Its least squares for every input against the one pseudo-inverse, on noise of our own.
    worst = 0.0
    for intervals, order in [(3, 5), (3, 3), (5, 3), (1, 1), (8, 2)]:
        layer = package.KANLinear(3, 2, grid_size=intervals, spline_order=order).double()
        ends = torch.linspace(-1, 1, intervals + 1)
        noise = numbers((intervals + 1, 3, 2))
        theirs = layer.curve2coeff(ends.unsqueeze(1).expand(-1, 3), noise)
        grid = {"intervals": intervals, "order": order, "low": -1.0, "high": 1.0}
        ours = torch.einsum("mg,gio->oim", torch.linalg.pinv(b_splines(ends, grid)), noise)
        worst = max(worst, float((theirs - ours).abs().max()))
    print(f"efficient-kan: its fits of noise within {worst:.1e} of one pseudo-inverse")
    assert worst < 1e-5


def compare_with_fast_kan(folder, all_cases):
    package = module_of(folder / "fastkan/fastkan.py")

    def build(layer):
        grid = layer["radial-basis"]["grid"]
        return package.FastKAN(
            [HIDDEN, WIDTH, HIDDEN], grid_min=grid["low"], grid_max=grid["high"], num_grids=grid["centres"])

    compare("fast-kan", build, [one for one in all_cases if "radial-basis" in one["layer"]])


def compare_with_kat(folder):
    """Its formula without a GPU divides by 1 + Σ|b_j|x^j, its kernel by 1 + Σ|b_j x^j|, its paper by 1 + |Σ b_j x^j|."""
    package = module_of(folder / "kat_rational/kat_1dgroup_torch.py")
    worst = {}
    for kind in (torch.float64, torch.float32):
        torch.set_default_dtype(kind)
        for side in ("x ≥ 0, b ≥ 0", "any x and b"):
            positive = (lambda t: t.abs()) if "≥" in side else (lambda t: t)
            leaves = [positive(numbers((5, 4, 8))), numbers((1, 6)), positive(numbers((4, 4), 0.5))]
            found, expected = ([leaf.clone().requires_grad_() for leaf in leaves] for _ in range(2))
            y = package.Rational_CUDA_A_1DGroup(found[0], found[1].repeat(4, 1), found[2], 4)
            weights = {"f.weight_numerator": expected[1], "f.weight_denominator": expected[2]}
            ours = grouped_activation(expected[0].reshape(20, 8), weights, "f", 4).reshape(5, 4, 8)
            y.sum().backward()
            ours.sum().backward()
            pairs = [(y, ours), *((a.grad, b.grad) for a, b in zip(found, expected))]
            worst[kind, side] = max(float(((a - b).abs().max() / max(1.0, b.abs().max())).detach()) for a, b in pairs)
    torch.set_default_dtype(torch.float64)
    for (kind, side), distance in worst.items():
        print(f"rational_kat_cu, {side}, {kind}: {distance:.1e}")
        assert distance < 1e-5 or "any" in side


def check_swish_start():
    """The even part of the numerator and the denominator, by least squares; the odd part then is x/2 times the denominator."""
    x = np.linspace(-5, 5, 2401)
    swish = x / (1 + np.exp(-x))
    values = lambda p: (p[0] + p[1] * x**2 + p[2] * x**4) / (1 + p[3] * x**2 + p[4] * x**4) + x / 2
    fits = [
        least_squares(lambda p: values(p) - swish, np.abs(np.random.default_rng(seed).normal(0, 0.2, 5)),
                      bounds=([-1, -1, -1, 0, 0], [2] * 5), xtol=1e-15, ftol=1e-15, gtol=1e-15)
        for seed in range(10)
    ]
    a0, a2, a4, b2, b4 = min(fits, key=lambda fit: fit.cost).x
    assert np.allclose([a0, 0.5, a2, b2 / 2, a4, b4 / 2], SWISH[0], atol=1e-9)
    assert np.allclose([0, b2, 0, b4], SWISH[1], atol=1e-9)
    assert np.abs(values([a0, a2, a4, b2, b4]) - swish).max() < 6.3e-5


def chebyshev_starts():
    """The coefficients as which grouped Chebyshev functions start: ridge regression at 2048 points of [-3, 3]."""
    x = torch.linspace(-3, 3, 2048)
    curves = {"identity": x, "swish": silu(x), "gelu": gelu(x)}
    for degree in (1, 3, 5, 8):
        basis = torch.stack(chebyshev(x, degree), -1)
        gram = basis.T @ basis + 1e-6 * torch.eye(degree + 1)
        for curve, y in curves.items():
            yield {"degree": degree, "curve": curve, "coefficients": torch.linalg.solve(gram, basis.T @ y).tolist()}


def main():
    parser = argparse.ArgumentParser()
    for name in ("--efficient-kan", "--fast-kan", "--kat-rational"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    all_cases = list(cases())
    check_swish_start()
    if arguments.efficient_kan:
        compare_with_efficient_kan(arguments.efficient_kan, all_cases)
    if arguments.fast_kan:
        compare_with_fast_kan(arguments.fast_kan, all_cases)
    if arguments.kat_rational:
        compare_with_kat(arguments.kat_rational)
    head = json.dumps({"rows": ROWS, "hidden": HIDDEN, "starts": list(chebyshev_starts())})[:-1]
    text = head + ', "cases": [\n' + ",\n".join(json.dumps(one) for one in all_cases) + "\n]}\n"
    Path(__file__).with_name("kan.json").write_text(text)


if __name__ == "__main__":
    main()
