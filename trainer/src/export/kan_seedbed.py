"""The Kolmogorov-Arnold networks of Seedbed in the feed-forward place: `feed_forward_seedbed.py` says how a layer is written.

Grids are made where they are used, not kept as buffers: transformers 5 builds a model without memory first, and fills in only
what the file of weights holds.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .feed_forward_seedbed import polynomial

KAN_LAYERS = {}


def layer(kind):
    """As in `feed_forward_seedbed.py`."""
    return lambda made: KAN_LAYERS.setdefault(kind, made)


class Network(nn.Module):
    """Layers one after the other, which the state dict has below `layers`."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for one in self.layers:
            x = one(x)
        return x


def two_layers(config, fields, make):
    """The part of a network from the hidden size to the width and back."""
    hidden, width = config.hidden_size, fields["width"]
    return {"kan": Network(make(hidden, width), make(width, hidden))}


def drawn(*shape, std=0.02):
    return nn.Parameter(torch.randn(*shape) * std)


class SplineMap(nn.Module):
    """y_o = Σᵢ W_oi·silu(xᵢ) + Σᵢ S_oi Σₘ C_oim·Bₘ(xᵢ), with B-splines of order k on a uniform grid (arXiv:2404.19756)."""

    def __init__(self, inputs, outputs, grid, scaled):
        super().__init__()
        self.grid = dict(grid)
        self.base_weight = drawn(outputs, inputs)
        self.spline_weight = drawn(outputs, inputs, grid["intervals"] + grid["order"])
        if scaled:
            self.spline_scaler = nn.Parameter(torch.ones(outputs, inputs))

    def bases(self, x):
        """[…, inputs, G + k]: the recursion of Cox and de Boor, in units of the interval and from the first knot on."""
        intervals, order = self.grid["intervals"], self.grid["order"]
        width = (self.grid["high"] - self.grid["low"]) / intervals
        place = ((x - self.grid["low"]) / width + order).unsqueeze(-1)
        knots = torch.arange(intervals + 2 * order + 1, dtype=x.dtype, device=x.device)
        bases = ((knots[:-1] <= place) & (place < knots[1:])).to(x.dtype)
        for n in range(1, order + 1):
            rising = (place - knots[: -n - 1]) / n * bases[..., :-1]
            falling = (knots[n + 1 :] - place) / n * bases[..., 1:]
            bases = rising + falling
        return bases

    def forward(self, x):
        weight = self.spline_weight
        if hasattr(self, "spline_scaler"):
            weight = weight * self.spline_scaler.unsqueeze(-1)
        return F.linear(F.silu(x), self.base_weight) + F.linear(self.bases(x).flatten(-2), weight.flatten(1))


@layer("spline")
class Spline:
    """Two layers of spline edges, nothing between them."""

    @staticmethod
    def parts(config, fields):
        return two_layers(config, fields, lambda i, o: SplineMap(i, o, fields["grid"], fields["scaled"]))

    @staticmethod
    def forward(part, fields, x):
        return part("kan")(x)


@layer("delft-spline")
class DelftSpline:
    """The study of 2024: spline edges, gelu, and spline edges again or a linear map with a bias."""

    @staticmethod
    def parts(config, fields):
        hidden, width = config.hidden_size, fields["width"]
        network = lambda i, o: Network(SplineMap(i, o, fields["grid"], fields["scaled"]))
        if fields["output"] == "linear":
            return {"delft_first": network(hidden, width), "output": nn.Linear(width, hidden)}
        return {"delft_first": network(hidden, width), "delft_second": network(width, hidden)}

    @staticmethod
    def forward(part, fields, x):
        second = "output" if fields["output"] == "linear" else "delft_second"
        return part(second)(F.gelu(part("delft_first")(x)))


class RadialMap(nn.Module):
    """y_o = b_o + Σᵢ W_oi·silu(xᵢ) + Σᵢ Σₘ C_oim·exp(−((zᵢ − cₘ)/h)²), z the normalised x (arXiv:2405.06721)."""

    def __init__(self, inputs, outputs, grid):
        super().__init__()
        self.grid = dict(grid)
        self.layernorm = nn.LayerNorm(inputs)
        self.base_linear = nn.Linear(inputs, outputs)
        self.spline_linear = nn.Linear(inputs * grid["centres"], outputs, bias=False)

    def forward(self, x):
        low, high, centres = (self.grid[end] for end in ("low", "high", "centres"))
        places = torch.linspace(low, high, centres, dtype=torch.float64, device=x.device).to(x.dtype)
        distance = (high - low) / (centres - 1)
        bells = torch.exp(-(((self.layernorm(x).unsqueeze(-1) - places) / distance) ** 2))
        return self.base_linear(F.silu(x)) + self.spline_linear(bells.flatten(-2))


@layer("radial-basis")
class RadialBasis:
    """Two layers of radial basis functions, nothing between them."""

    @staticmethod
    def parts(config, fields):
        return two_layers(config, fields, lambda i, o: RadialMap(i, o, fields["grid"]))

    @staticmethod
    def forward(part, fields, x):
        return part("kan")(x)


def chebyshev(x, terms):
    """[…, terms]: T₀ … of tanh x, by Tₙ(z) = 2z·Tₙ₋₁(z) − Tₙ₋₂(z)."""
    z = torch.tanh(x)
    found = [torch.ones_like(z), z]
    while len(found) < terms:
        found.append(2.0 * z * found[-1] - found[-2])
    return torch.stack(found[:terms], -1)


class ChebyshevMap(nn.Module):
    """y_o = Σᵢ Σₙ C_ion·Tₙ(tanh xᵢ) (arXiv:2405.07200)."""

    def __init__(self, inputs, outputs, degree):
        super().__init__()
        self.cheby_coeffs = drawn(inputs, outputs, degree + 1, std=1.0 / (inputs * (degree + 1)))

    def forward(self, x):
        return torch.einsum("...in,ion->...o", chebyshev(x, self.cheby_coeffs.shape[-1]), self.cheby_coeffs)


@layer("chebyshev")
class Chebyshev:
    """Two layers of Chebyshev polynomials, nothing between them."""

    @staticmethod
    def parts(config, fields):
        return two_layers(config, fields, lambda i, o: ChebyshevMap(i, o, fields["degree"]))

    @staticmethod
    def forward(part, fields, x):
        return part("kan")(x)


class GroupedRational(nn.Module):
    """(a₀ + … + a₅x⁵) / (1 + |b₁x + … + b₄x⁴|), one a for all channels and a b for each group (arXiv:2409.10594)."""

    def __init__(self, groups):
        super().__init__()
        self.weight_numerator = nn.Parameter(torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]]))
        self.weight_denominator = nn.Parameter(torch.zeros(groups, 4))

    def forward(self, x):
        grouped = x.unflatten(-1, (self.weight_denominator.shape[0], -1))
        quotient = polynomial(grouped, self.weight_denominator.unsqueeze(1)) * grouped
        # At 0 the slope of |q| is taken for 1: with 0, a b that starts at 0 would never move.
        magnitude = torch.where(quotient >= 0, quotient, -quotient)
        return (polynomial(grouped, self.weight_numerator.unsqueeze(1)) / (1.0 + magnitude)).flatten(-2)


class GroupedChebyshev(nn.Module):
    """Σₙ cₙ·Tₙ(tanh x), a c for each group of channels."""

    def __init__(self, groups, degree):
        super().__init__()
        self.coeff = drawn(groups, degree + 1)

    def forward(self, x):
        grouped = x.unflatten(-1, (self.coeff.shape[0], -1))
        return (chebyshev(grouped, self.coeff.shape[1]) * self.coeff.unsqueeze(1)).sum(-1).flatten(-2)


@layer("grouped")
class Grouped:
    """W₂·f₂(W₁·f₁(x) + b₁) + b₂, with functions that groups of channels share."""

    @staticmethod
    def parts(config, fields):
        hidden, width, groups, function = config.hidden_size, fields["width"], fields["groups"], fields["function"]
        make = lambda: (
            GroupedRational(groups) if function == "rational" else GroupedChebyshev(groups, function["chebyshev"]["degree"])
        )
        return {
            "entry_activation": make(),
            "input": nn.Linear(hidden, width),
            "activation": make(),
            "output": nn.Linear(width, hidden),
        }

    @staticmethod
    def forward(part, fields, x):
        hidden = part("input")(part("entry_activation")(x))
        return part("output")(part("activation")(hidden))
