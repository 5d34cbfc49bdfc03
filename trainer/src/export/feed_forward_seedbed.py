"""The feed-forward layers of Seedbed that transformers does not know by name.

`config.feed_forward` is the layer as Seedbed's `seedbed.json` has it: `{kind: fields}`, such as
`{"plain": {"activation": {"swish": {"granularity": "channel", "beta": 1.0}}, "width": 1024}}`.

A function of the hidden layer is a class under `@activation(name)`; a kind of layer is one under `@layer(kind)`. A layer says
which parts it has, and what it computes from them; the model decides what its parts are called in the state dict.
"""

import torch
from torch import nn
from torch.nn import functional as F

ACTIVATIONS = {}
LAYERS = {}


def activation(name):
    """Registers a class that is made from (width of the hidden layer, fields of the activation)."""
    return lambda made: ACTIVATIONS.setdefault(name, made)


def layer(kind):
    """Registers a class with `parts(hidden, fields)`, a dictionary of modules, and `forward(part, x)`."""
    return lambda made: LAYERS.setdefault(kind, made)


def one(choice):
    """The name and the fields of a choice, which is written as a name where it has no fields."""
    return (choice, {}) if isinstance(choice, str) else next(iter(choice.items()))


def make_activation(choice, width):
    name, fields = one(choice)
    return ACTIVATIONS[name](width, fields)


class Static(nn.Module):
    """A function without parameters."""

    def __init__(self, width, fields):
        super().__init__()


class Learned(nn.Module):
    """A function of the entries and one learned value for each channel, or one for the layer."""

    def __init__(self, width, fields, start):
        super().__init__()
        size = 1 if fields["granularity"] == "layer" else width
        self.weight = nn.Parameter(torch.full((size,), float(start)))


@activation("identity")
class Identity(Static):
    """x."""

    def forward(self, x):
        return x


@activation("relu")
class Relu(Static):
    """max(0, x) (Nair and Hinton 2010)."""

    def forward(self, x):
        return F.relu(x)


@activation("silu")
class Silu(Static):
    """x·σ(x) (arXiv:1606.08415, arXiv:1702.03118)."""

    def forward(self, x):
        return F.silu(x)


@activation("gelu")
class Gelu(Static):
    """x·Φ(x), exact (arXiv:1606.08415)."""

    def forward(self, x):
        return F.gelu(x)


@activation("gelu-tanh")
class GeluTanh(Static):
    """The same paper's approximation by tanh."""

    def forward(self, x):
        return F.gelu(x, approximate="tanh")


@activation("prelu")
class Prelu(Learned):
    """max(0, x) + a·min(0, x) (arXiv:1502.01852)."""

    def __init__(self, width, fields):
        super().__init__(width, fields, fields["slope"])

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


@activation("swish")
class Swish(Learned):
    """x·σ(βx) (arXiv:1710.05941)."""

    def __init__(self, width, fields):
        super().__init__(width, fields, fields["beta"])

    def forward(self, x):
        return x * torch.sigmoid(self.weight * x)


@activation("learnable-gelu")
class LearnableGelu(Learned):
    """x·Φ(βx)."""

    def __init__(self, width, fields):
        super().__init__(width, fields, fields["beta"])

    def forward(self, x):
        return x * 0.5 * (1.0 + torch.erf(x * self.weight * 0.5**0.5))


@layer("plain")
class Plain:
    """W₂·f(W₁x + b₁) + b₂."""

    @staticmethod
    def parts(hidden, fields):
        width = fields["width"]
        return {
            "input": nn.Linear(hidden, width),
            "activation": make_activation(fields["activation"], width),
            "output": nn.Linear(width, hidden),
        }

    @staticmethod
    def forward(part, x):
        return part("output")(part("activation")(part("input")(x)))


@layer("gated")
class Gated:
    """W₂(f(Wx + b) · (Vx + c)) + b₂ (arXiv:2002.05202)."""

    @staticmethod
    def parts(hidden, fields):
        return {**Plain.parts(hidden, fields), "gated": nn.Linear(hidden, fields["width"])}

    @staticmethod
    def forward(part, x):
        return part("output")(part("activation")(part("input")(x)) * part("gated")(x))


class SplineMap(nn.Module):
    """y_o = Σᵢ W_oi·silu(xᵢ) + Σᵢ S_oi Σₘ C_oim·Bₘ(xᵢ), with B-splines of order k on a uniform grid (arXiv:2404.19756)."""

    def __init__(self, inputs, outputs, grid):
        super().__init__()
        self.grid = dict(grid)
        bases = grid["intervals"] + grid["order"]
        self.base_weight = nn.Parameter(torch.empty(outputs, inputs))
        self.spline_weight = nn.Parameter(torch.empty(outputs, inputs, bases))
        self.spline_scaler = nn.Parameter(torch.ones(outputs, inputs))
        for weight in (self.base_weight, self.spline_weight):
            nn.init.normal_(weight, std=0.02)

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
        weight = self.spline_weight * self.spline_scaler.unsqueeze(-1)
        return F.linear(F.silu(x), self.base_weight) + F.linear(self.bases(x).flatten(-2), weight.flatten(1))


@layer("spline")
class Spline:
    """Two Kolmogorov-Arnold layers, nothing between them."""

    @staticmethod
    def parts(hidden, fields):
        width, grid = fields["width"], fields["grid"]
        return {"splines": nn.Sequential(SplineMap(hidden, width, grid), SplineMap(width, hidden, grid))}

    @staticmethod
    def forward(part, x):
        return part("splines")(x)
