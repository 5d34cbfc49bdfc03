"""The feed-forward layers of Seedbed that transformers does not know by name.

`config.feed_forward` is the layer as Seedbed's `seedbed.json` has it: `{kind: fields}`, such as
`{"plain": {"activation": {"function": "swish", "granularity": "channel", "start": 1.0}, "width": 1024}}`.
`config.learned` has what its activation learns: `{name: {"shape": [1024], "start": 1.0}}`.

An activation is a function under `@activation(name)`; its arguments are the entries and, by name, what it learns, whose last
dimension but for coefficients is one for each channel, or 1. None may be called `beta` or `gamma`: transformers before 5 takes
those for TensorFlow's names of bias and weight. What the formulas call β is `slope` here.

A layer is a class under `@layer(kind)`: it says which parts it has, and what it computes from them; the model decides what its
parts are called in the state dict. Those of the Kolmogorov-Arnold family are in `kan_seedbed.py`.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

ACTIVATIONS = {}
LAYERS = {}


def activation(name):
    """Registers a function of the entries and of what it learns."""
    return lambda function: ACTIVATIONS.setdefault(name, function)


def layer(kind):
    """Registers a class with `parts(config, fields)`, a dictionary of modules, and `forward(part, fields, x)`."""
    return lambda made: LAYERS.setdefault(kind, made)


class Activation(nn.Module):
    """A function with the tensors that it learns."""

    def __init__(self, choice, learned):
        super().__init__()
        self.function = ACTIVATIONS[choice if isinstance(choice, str) else choice["function"]]
        for name, tensor in learned.items():
            start, shape = tensor["start"], tensor["shape"]
            value = torch.randn(shape) if start == "normal" else torch.tensor(start).expand(shape).clone()
            self.register_parameter(name, nn.Parameter(value))

    def forward(self, x):
        return self.function(x, **self._parameters)


def normal_distribution(x):
    """Φ, by the complementary error function: 1 + erf has no digits left far below 0."""
    return torch.erfc(x * -(0.5**0.5)) * 0.5


def expanded(x, gate, alpha):
    """x times a gate stretched from (0, 1) to (−α, 1 + α) (arXiv:2405.20768)."""
    return x * ((1.0 + 2.0 * alpha) * gate - alpha)


def polynomial(x, coefficients):
    """c₀ + c₁x + …"""
    value = torch.zeros_like(x)
    for coefficient in reversed(coefficients.unbind(-1)):
        value = value * x + coefficient
    return value


@activation("identity")
def identity(x):
    return x


@activation("relu")
def relu(x):
    return F.relu(x)


@activation("leaky-relu")
def leaky_relu(x):
    return F.leaky_relu(x, 0.01)


@activation("relu6")
def relu6(x):
    return F.relu6(x)


@activation("relu2")
def relu2(x):
    """max(0, x)² (arXiv:2109.08668)."""
    return F.relu(x) ** 2


@activation("star-relu")
def star_relu(x, scale, bias):
    """scale·max(0, x)² + bias (arXiv:2210.13452)."""
    return scale * F.relu(x) ** 2 + bias


@activation("prelu")
def prelu(x, weight):
    """max(0, x) + a·min(0, x) (arXiv:1502.01852)."""
    return torch.where(x > 0, x, weight * x)


@activation("delft-prelu")
def delft_prelu(x, alpha):
    return prelu(x, alpha)


@activation("erf-relu")
def erf_relu(x, alpha):
    """x for x ≥ 0, else α·erf x (arXiv:2306.01822)."""
    return torch.where(x >= 0, x, alpha * torch.erf(x))


@activation("xiprelu")
def xiprelu(x, alpha_p, alpha_n):
    """x²·softplus(a) + x/2, with one a above 0 and one below (arXiv:2411.13010)."""
    return torch.where(x > 0, F.softplus(alpha_p), F.softplus(alpha_n)) * x**2 + 0.5 * x


@activation("elu")
def elu(x):
    return F.elu(x)


@activation("selu")
def selu(x):
    return F.selu(x)


@activation("celu")
def celu(x):
    return F.celu(x)


@activation("xielu")
def xielu(x, alpha_p, alpha_n):
    """αₚx² + x/2 above 0, αₙ(eˣ − 1 − x) + x/2 below (arXiv:2411.13010)."""
    below = x.clamp(max=0.0)
    curve = torch.where(x > 0, F.softplus(alpha_p) * x**2, (0.5 + F.softplus(alpha_n)) * (torch.expm1(below) - below))
    return curve + 0.5 * x


@activation("tanh")
def tanh(x):
    return torch.tanh(x)


@activation("sigmoid")
def sigmoid(x):
    return torch.sigmoid(x)


@activation("softplus")
def softplus(x):
    return F.softplus(x)


@activation("laplace")
def laplace(x):
    """Φ((x − µ)/σ) (arXiv:2209.10655)."""
    return normal_distribution((x - 0.707107) / 0.282095)


@activation("gaussian")
def gaussian(x):
    return torch.exp(-(x**2))


@activation("dyt")
def dyt(x, alpha, weight, bias):
    """γ·tanh(αx) + β (arXiv:2503.10622)."""
    return torch.tanh(alpha * x) * weight + bias


@activation("sin")
def sin(x):
    return torch.sin(x)


@activation("snake")
def snake(x, alpha):
    """x + sin²(αx)/α (arXiv:2006.08195); x at α = 0."""
    alpha = torch.where(alpha.abs() >= 1e-9, alpha, torch.full_like(alpha, 1e-9))
    return x + torch.sin(alpha * x) ** 2 / alpha


@activation("silu")
def silu(x):
    return F.silu(x)


@activation("swish")
def swish(x, slope):
    """x·σ(βx) (arXiv:1710.05941)."""
    return x * torch.sigmoid(slope * x)


@activation("delft-swish")
def delft_swish(x, slope):
    """x·silu(βx)."""
    return x * F.silu(slope * x)


@activation("hardswish")
def hardswish(x):
    return F.hardswish(x)


@activation("mish")
def mish(x):
    return F.mish(x)


@activation("golu")
def golu(x):
    """x·exp(−e⁻ˣ) (arXiv:2502.03654)."""
    return x * torch.exp(-torch.exp(-x.clamp(min=-7.0)))


@activation("xsilu")
def xsilu(x, alpha):
    return expanded(x, torch.sigmoid(x), alpha)


@activation("xatlu")
def xatlu(x, alpha):
    return expanded(x, torch.atan2(torch.ones_like(x), -x) / math.pi, alpha)


@activation("acon-c")
def acon_c(x, p1, p2, slope):
    """(p₁ − p₂)x·σ(β(p₁ − p₂)x) + p₂x (arXiv:2009.04759)."""
    inner = slope * (p1 - p2) * x
    return x * (p1 * torch.sigmoid(inner) + p2 * torch.sigmoid(-inner))


@activation("gelu")
def gelu(x):
    return F.gelu(x)


@activation("gelu-tanh")
def gelu_tanh(x):
    return F.gelu(x, approximate="tanh")


@activation("quick-gelu")
def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


@activation("scaled-gelu")
def scaled_gelu(x, alpha):
    return alpha * F.gelu(x)


@activation("delft-learnable-gelu")
def delft_learnable_gelu(x, alpha):
    return alpha * gelu_tanh(x)


@activation("learnable-gelu")
def learnable_gelu(x, slope):
    """x·Φ(βx)."""
    return x * normal_distribution(slope * x)


@activation("shifted-gelu")
def shifted_gelu(x, slope, mu):
    """x·Φ(β(x − µ))."""
    return x * normal_distribution(slope * (x - mu))


@activation("scaled-learnable-gelu")
def scaled_learnable_gelu(x, alpha, slope):
    """α·x·Φ(βx)."""
    return alpha * x * normal_distribution(slope * x)


@activation("xgelu")
def xgelu(x, alpha):
    return expanded(x, normal_distribution(x), alpha)


@activation("poly-relu")
def poly_relu(x, weight, bias):
    """bias + Σᵢ aᵢ·max(0, x)ⁱ, i = 1, 2, 3 (arXiv:2411.03884)."""
    x = F.relu(x)
    return polynomial(x, weight) * x + bias


@activation("poly-norm")
def poly_norm(x, weight, bias):
    """bias + Σᵢ aᵢ·xⁱ/√(mean of x²ⁱ over the row + 10⁻⁶), i = 1, 2, 3 (arXiv:2411.03884)."""
    # The same for x/s with the constant over s²ⁱ; with the row's largest entry for s no power overflows, in half precision neither.
    scale = x.detach().abs().amax(-1, keepdim=True).clamp(min=1.0)
    x, inverse = x / scale, (1.0 / scale) ** 2
    value = bias
    for power, coefficient in enumerate(weight.unbind(-1), start=1):
        raised = x**power
        value = value + coefficient * raised * torch.rsqrt((raised**2).mean(-1, keepdim=True) + 1e-6 * inverse**power)
    return value


@activation("rational")
def rational(x, numerator, denominator):
    """(a₀ + … + a₅x⁵) / (1 + |b₁x + … + b₄x⁴|) (arXiv:1907.06732)."""
    return polynomial(x, numerator) / (1.0 + (polynomial(x, denominator) * x).abs())


@activation("linear-spline")
def linear_spline(x, values):
    """Straight lines between values at anchors evenly spaced on [−15, 15], constant beyond."""
    cells = values.shape[-1] - 1
    place = ((x + 15.0) * (cells / 30.0)).clamp(0.0, cells)
    cell = place.floor().clamp(max=cells - 1)
    owner = torch.arange(values.shape[0], device=x.device).expand(x.shape)
    low, high = (values[owner, cell.long() + step] for step in (0, 1))
    return low + (high - low) * (place - cell)


@layer("plain")
class Plain:
    """W₂·f(W₁x + b₁) + b₂."""

    @staticmethod
    def parts(config, fields):
        hidden, width = config.hidden_size, fields["width"]
        return {
            "input": nn.Linear(hidden, width),
            "activation": Activation(fields["activation"], config.learned),
            "output": nn.Linear(width, hidden),
        }

    @staticmethod
    def forward(part, fields, x):
        return part("output")(part("activation")(part("input")(x)))


@layer("gated")
class Gated:
    """W₂(f(Wx + b) · (Vx + c)) + b₂ (arXiv:2002.05202); f is on both factors where the fields say so."""

    @staticmethod
    def parts(config, fields):
        return {**Plain.parts(config, fields), "gated": nn.Linear(config.hidden_size, fields["width"])}

    @staticmethod
    def forward(part, fields, x):
        gated = part("gated")(x)
        if fields.get("on_both", False):
            gated = part("activation")(gated)
        return part("output")(part("activation")(part("input")(x)) * gated)
