"""Writes checkpoints as transformers saves them, and in the layout of the study's classes, with what they say of some texts.

    python checkpoints.py TOKENIZER OUT

TOKENIZER is an exported model of the trainer, whose tokenizer is taken; OUT gets a folder for each checkpoint and beside it
`NAME.jsonl` with a text, or the ids of one, and its log-probabilities on each line.
"""

import json
import os
import shutil
import sys
from pathlib import Path

sys.setdlopenflags(os.RTLD_LAZY)

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from transformers.activations import ACT2FN  # noqa: E402
from transformers import AutoTokenizer, GPTNeoConfig, GPTNeoForCausalLM, RobertaConfig, RobertaForMaskedLM  # noqa: E402

from compare import log_probabilities  # noqa: E402

TEXTS = ["The cat sat.", "Once upon a time there was a little dog who found a red ball.", "Yes!"]
WIDTH = 20


class Learned(nn.Module):
    """A function of the entries and of one value for each channel, under the name that the study has for it."""

    def __init__(self, name, function):
        super().__init__()
        self.name, self.function = name, function
        self.register_parameter(name, nn.Parameter(torch.rand(WIDTH) + 0.5))

    def forward(self, x):
        return self.function(x, self._parameters[self.name])


class Halves(nn.Module):
    """The first half of the entries times gelu of the second."""

    def forward(self, x):
        first, second = x.chunk(2, dim=-1)
        return first * F.gelu(second, approximate="tanh")


class Splines(nn.Module):
    """One layer of the study's network: silu and B-splines of order 3 on three intervals of [-1, 1], by the recursion on the knots
    that it keeps for every input."""

    def __init__(self, inputs, outputs, order=3, intervals=3):
        super().__init__()
        knots = torch.arange(-order, intervals + order + 1) * (2.0 / intervals) - 1.0
        self.register_buffer("grid", knots.expand(inputs, -1).contiguous())
        self.order = order
        self.base_weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.spline_weight = nn.Parameter(torch.zeros(outputs, inputs, intervals + order))
        self.spline_scaler = nn.Parameter(torch.ones(outputs, inputs))

    def forward(self, x):
        knots, x = self.grid, x.unsqueeze(-1)
        bases = ((x >= knots[:, :-1]) & (x < knots[:, 1:])).to(x.dtype)
        for n in range(1, self.order + 1):
            bases = (x - knots[:, : -n - 1]) / (knots[:, n:-1] - knots[:, : -n - 1]) * bases[..., :-1] + (
                knots[:, n + 1 :] - x
            ) / (knots[:, n + 1 :] - knots[:, 1:-n]) * bases[..., 1:]
        edges = self.spline_weight * self.spline_scaler.unsqueeze(-1)
        return F.silu(x.squeeze(-1)) @ self.base_weight.T + torch.einsum("...im,oim->...o", bases, edges)


class SplineNetwork(nn.Module):
    """One layer as a network of its own."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = nn.ModuleList([Splines(inputs, outputs)])

    def forward(self, x):
        return self.layers[0](x)


class SplineBlock(nn.Module):
    """In place of a decoder's feed-forward layer, or of the first half of an encoder's."""

    def __init__(self, is_decoder):
        super().__init__()
        self.c_fc = SplineNetwork(12, WIDTH)
        self.c_proj = SplineNetwork(WIDTH, 12) if is_decoder else nn.Identity()

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


# The study's name of a layer, its learned tensor, its function.
STUDY = {
    "prelu": ("alpha", lambda x, alpha: x.clamp(min=0.0) + alpha * x.clamp(max=0.0)),
    "learnable_gelu": ("alpha", lambda x, alpha: alpha * F.gelu(x, approximate="tanh")),
    "swish": ("bias", lambda x, beta: x * F.silu(beta * x)),
}


def gpt_neo(tokenizer, **more):
    settings = dict(
        vocab_size=len(tokenizer), hidden_size=12, num_layers=3, num_heads=3, intermediate_size=WIDTH, window_size=5,
        max_position_embeddings=48, attention_types=[[["global", "local"], 1], [["global"], 1]], pad_token_id=0,
    )
    return GPTNeoForCausalLM(GPTNeoConfig(**{**settings, **more}))


def roberta(tokenizer, **more):
    settings = dict(
        vocab_size=len(tokenizer), hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=WIDTH,
        max_position_embeddings=49, type_vocab_size=1, pad_token_id=0,
    )
    return RobertaForMaskedLM(RobertaConfig(**{**settings, **more}))


def with_padding_one(folder, out):
    """The tokenizer of `folder` with the first two ids exchanged: RoBERTa's own order, `<s>` and then `<pad>`."""
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("*.safetensors", "config.json", "*.py", "seedbed.json"))
    path = out / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    other = {0: 1, 1: 0}
    for token in tokenizer["added_tokens"]:
        token["id"] = other.get(token["id"], token["id"])
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {token: other.get(id, id) for token, id in vocabulary.items()}
    for token in tokenizer["post_processor"]["special_tokens"].values():
        token["ids"] = [other.get(id, id) for id in token["ids"]]
    path.write_text(json.dumps(tokenizer))
    return AutoTokenizer.from_pretrained(out)


def checkpoints(tokenizer):
    """Name, model, and what its config.json says besides."""
    yield "gpt-neo", gpt_neo(tokenizer), {}
    yield "gpt-neo-relu", gpt_neo(tokenizer, activation_function="relu", attention_types=[[["global"], 3]]), {}
    yield "gpt-neo-padded-table", gpt_neo(tokenizer, vocab_size=len(tokenizer) + 30), {}
    yield "roberta", roberta(tokenizer), {}
    yield "roberta-padding-one", roberta(tokenizer, pad_token_id=1, bos_token_id=0, max_position_embeddings=50), {}
    yield "roberta-silu", roberta(tokenizer, hidden_act="silu", num_attention_heads=1), {}
    if "xielu" in ACT2FN:
        # What it learns is made in bf16, and rounded so when it is used.
        yield "gpt-neo-xielu", gpt_neo(tokenizer, activation_function="xielu").float(), {}
    for layer, (name, function) in STUDY.items():
        model = gpt_neo(tokenizer)
        for block in model.transformer.h:
            block.mlp.act = Learned(name, function)
        yield f"study-gpt-neo-{layer}", model, {"custom_activation": layer}
        model = roberta(tokenizer)
        for block in model.roberta.encoder.layer:
            block.intermediate.intermediate_act_fn = Learned("beta" if layer == "swish" else name, function)
        yield f"study-roberta-{layer}", model, {"custom_activation": layer}
    model = gpt_neo(tokenizer)
    for block in model.transformer.h:
        block.mlp.c_fc, block.mlp.act = nn.Linear(12, 2 * WIDTH), Halves()
    yield "study-gpt-neo-geglu", model, {"custom_activation": "geglu"}
    model = gpt_neo(tokenizer)
    for block in model.transformer.h:
        block.mlp = SplineBlock(True)
    yield "study-gpt-neo-kan", model, {"custom_activation": "kan"}
    model = roberta(tokenizer)
    for block in model.roberta.encoder.layer:
        block.intermediate = SplineBlock(False)
    yield "study-roberta-kan", model, {"custom_activation": "kan"}


def texts(tokenizer):
    """Fields of a row, and the ids between the special ones: the texts, and one that holds the padding id itself."""
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        yield {"text": text}, ids[1:-1]
    pad = tokenizer.pad_token_id
    ids = tokenizer(TEXTS[0])["input_ids"][1:-1]
    ids = [ids[0], pad, *ids[1:3], pad, pad, *ids[3:]]
    yield {"ids": ids}, ids


def main(folder, out):
    usual = AutoTokenizer.from_pretrained(folder)
    other = with_padding_one(Path(folder), Path(out).parent / f"{Path(out).name}-tokenizer")
    torch.manual_seed(0)
    for name, model, more in checkpoints(usual):
        tokenizer = other if model.config.pad_token_id == 1 else usual
        for parameter in model.parameters():
            nn.init.normal_(parameter, float(parameter.mean().round()), 0.3)
        model.eval()
        folder = Path(out) / name
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        config = folder / "config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), **more}))
        model.config.architectures = [type(model).__name__]
        rows = []
        for row, inner in texts(tokenizer):
            # The end of a text is not scored, and a decoder does not see it.
            end = [] if isinstance(model, GPTNeoForCausalLM) else [tokenizer.eos_token_id]
            ids = [tokenizer.bos_token_id, *inner, *end]
            rows.append({**row, "log-probabilities": log_probabilities(model, tokenizer, ids)})
        folder.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
