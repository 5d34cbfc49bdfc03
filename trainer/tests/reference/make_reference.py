"""Writes what Hugging Face's transformers computes for a few tiny networks, for `trainer/tests/gradients.rs`.

    pip install torch==2.11.0 transformers==5.23.0 safetensors
    python make_reference.py [NAME …]

Each file holds one case: weights and inputs, and the logits, log-probabilities, loss and gradients that follow from them,
computed in double precision, and how far transformers' own single precision comes to be from such gradients. Its metadata
carries the spec of the network as the trainer reads it. The trainer gets all stories in one packed batch; transformers gets every
story alone or, in the cases of `PADDED`, all in one rectangle with padding and an attention mask, which comes to the same.
`drawn-…` are shapes drawn at random, as `draw` says.
"""

import copy
import json
import random
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import GPTNeoConfig, GPTNeoForCausalLM, RobertaConfig, RobertaForMaskedLM
from transformers.models.gpt_neo import modeling_gpt_neo

VOCABULARY = 17
CONTEXT = 12
HERE = Path(__file__).parent

# What transformers calls each activation.
ACTIVATIONS = {"relu": "relu", "silu": "silu", "gelu": "gelu", "gelu-tanh": "gelu_new"}

# name: (layers, hidden size, heads, feed-forward width, window, activation, dropout, lengths of the stories)
GPT_NEO = {
    "gpt-neo-window": (2, 12, 3, 20, 3, "gelu-tanh", 0.0, [7, 12, 1, 5, 6]),
    "gpt-neo-odd": (3, 7, 1, 11, 12, "relu", 0.0, [9, 2]),
    "gpt-neo-shallow": (1, 10, 2, 16, None, "silu", 0.0, [4, 4, 4]),
    "gpt-neo-deep": (3, 8, 4, 9, 2, "gelu", 0.1, [11, 10, 3]),
    "gpt-neo-four": (4, 9, 1, 13, 5, "gelu-tanh", 0.0, [12, 5, 8, 1, 3]),
    "gpt-neo-padded": (2, 15, 5, 7, 4, "relu", 0.0, [3, 12, 7, 6]),
    "gpt-neo-one-token-window": (4, 6, 2, 10, 1, "silu", 0.0, [12, 2, 9]),
}
ROBERTA = {
    "roberta": (2, 12, 3, 20, None, "gelu", 0.1, [7, 12, 2, 5, 6]),
    "roberta-odd": (1, 7, 1, 11, None, "relu", 0.0, [9, 2]),
    "roberta-deep": (3, 10, 5, 16, None, "silu", 0.0, [4, 4, 4]),
    "roberta-tanh": (2, 8, 2, 9, None, "gelu-tanh", 0.0, [12, 10, 3]),
    "roberta-four": (4, 9, 1, 13, None, "gelu", 0.0, [12, 5, 8, 1, 3]),
    "roberta-padded": (2, 15, 5, 7, None, "relu", 0.0, [3, 12, 7, 6]),
    "roberta-padding-one": (2, 12, 3, 8, None, "gelu", 0.0, [5, 12, 2]),
    "roberta-inside": (2, 8, 2, 12, None, "gelu", 0.0, [7, 12, 3]),
    "roberta-inside-one": (1, 10, 2, 9, None, "silu", 0.0, [12, 6, 4]),
}
# Given to transformers as one rectangle.
PADDED = ["gpt-neo-padded", "gpt-neo-four", "roberta-padded", "roberta-four", "roberta-padding-one", "roberta-inside-one"]
# The padding id, where it is not 0: positions begin above it. The trainer keeps one row for padding whatever its id, so its
# table has the rows from the padding id on.
PADDING = {"roberta-padding-one": 1, "roberta-inside-one": 1}
# Places of the first story that hold the padding id, as masking may put it there; they are attended to like any other.
INSIDE = {"roberta-inside": [0, 3, 4], "roberta-inside-one": [2, 7, 11]}


# How many shapes are drawn where nobody says.
DRAWN = 4
# How many networks, of nearly the same weights, tell what single precision can do.
NEIGHBOURS = 12


def draw(number, seed):
    """Draws a shape and adds it to the cases: its name."""
    chance = random.Random(f"{number} {seed}")
    heads = chance.choice([1, 1, 2, 3, 5])
    hidden = heads * chance.randint(2 if heads > 2 else 5, 8 if heads < 3 else 5)
    lengths = [chance.randint(1, CONTEXT) for _ in range(chance.randint(2, 6))]
    lengths[0] = max(2, lengths[0])
    activation = chance.choice(list(ACTIVATIONS))
    shape = (chance.randint(1, 4), hidden, heads, chance.randint(3, 24))
    architecture = chance.choice(["gpt-neo", "roberta"])
    name = f"drawn-{number}-{architecture}"
    if architecture == "gpt-neo":
        GPT_NEO[name] = (*shape, chance.choice([None, *range(1, CONTEXT + 1)]), activation, 0.0, lengths)
    else:
        ROBERTA[name] = (*shape, None, activation, 0.0, lengths)
        PADDING[name] = chance.choice([0, 1])
    if chance.random() < 0.5:
        PADDED.append(name)
    return name


def gpt_neo(layers, hidden, heads, width, window, activation):
    kinds = [["global", "local"][index % 2] for index in range(layers)]
    return GPTNeoForCausalLM(
        GPTNeoConfig(
            vocab_size=VOCABULARY,
            max_position_embeddings=CONTEXT,
            hidden_size=hidden,
            num_layers=layers,
            attention_types=[[[kind], 1] for kind in kinds],
            num_heads=heads,
            intermediate_size=width,
            window_size=window or CONTEXT,
            activation_function=ACTIVATIONS[activation],
            pad_token_id=0,
            attn_implementation="eager",
        )
    )


def roberta(layers, hidden, heads, width, _window, activation, padding=0):
    return RobertaForMaskedLM(
        RobertaConfig(
            vocab_size=VOCABULARY,
            max_position_embeddings=CONTEXT + 1 + padding,
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=width,
            hidden_act=ACTIVATIONS[activation],
            layer_norm_eps=1e-12,
            pad_token_id=padding,
            attn_implementation="eager",
        )
    )


def randomise(model):
    """Weights far from their start, so that no term of the computation is small."""
    for name, parameter in model.named_parameters():
        is_norm_weight = "ln_" in name or "Norm" in name or "layer_norm" in name
        centre = 1.0 if is_norm_weight and name.endswith("weight") else 0.0
        torch.nn.init.normal_(parameter, centre, 0.3)
        # The file holds single precision: the reference must be computed from the same numbers.
        parameter.data = parameter.data.float().double()


def inputs(architecture, lengths, padding=0):
    """Token ids, story by story, and which positions should say what."""
    stories = [torch.randint(padding + 1, VOCABULARY, (length,)) for length in lengths]
    scored, targets = [], []
    for story in stories:
        if architecture == "gpt-neo":
            scored.append(torch.arange(len(story) - 1))
            targets.append(story[1:])
        else:
            scored.append(torch.randperm(len(story))[: (len(story) + 1) // 2].sort().values)
            targets.append(torch.randint(0, VOCABULARY, (len(scored[-1]),)))
    return stories, scored, targets


def scored_logits(model, name, stories, scored, is_padded):
    """The logits of every scored position, story by story."""
    if not is_padded:
        return [model(input_ids=story[None]).logits[0][places] for story, places in zip(stories, scored)]
    padding = PADDING.get(name, 0)
    ids = torch.full((len(stories), max(map(len, stories))), padding)
    attended = torch.zeros_like(ids)
    for row, story in enumerate(stories):
        ids[row, : len(story)] = story
        attended[row, : len(story)] = 1
    logits = model(input_ids=ids, attention_mask=attended).logits
    return [row[places] for row, places in zip(logits, scored)]


def spec_of(architecture, layers, hidden, heads, width, window, activation, dropout):
    """The network as the trainer reads it."""
    return {
        "architecture": architecture,
        "hidden-size": hidden,
        "layers": layers,
        "heads": heads,
        "feed-forward": {"plain": {"activation": activation, "width": width}},
        "context": CONTEXT,
        "window": window,
        "vocabulary": VOCABULARY,
        "dropout": dropout,
        "attention-dropout": dropout,
        "layer-norm-epsilon": 1e-5 if architecture == "gpt-neo" else 1e-12,
        "initialisation": {"normal": {"std": 0.02}},
    }


class Wide:
    """torch, as a module sees it that must not go back to single precision."""

    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def pass_of(model, name, stories, scored, targets, is_padded=None):
    """Logits, log-probabilities and loss, and the gradients of all parameters, in double precision whatever the model's."""
    model.zero_grad()
    # GPT-Neo forms its scores in `torch.float32` whatever its weights are.
    modeling_gpt_neo.torch = Wide() if model.dtype == torch.float64 else torch
    is_padded = name in PADDED if is_padded is None else is_padded
    logits = torch.cat(scored_logits(model, name, stories, scored, is_padded))
    log_probabilities = logits.log_softmax(-1).gather(-1, torch.cat(targets)[:, None])[:, 0]
    loss = -log_probabilities.sum()
    loss.backward()
    modeling_gpt_neo.torch = torch
    gradients = {key: parameter.grad.double() for key, parameter in model.named_parameters()}
    return logits.detach(), log_probabilities.detach(), loss.detach(), gradients


def distance(exact, single):
    """How far the gradients of single precision are from exact ones, each as a part of its largest: at most."""
    far = [
        ((single[key] - gradient).abs().max() / gradient.abs().max()).item()
        for key, gradient in exact.items()
        # A key's bias has no gradient but for rounding.
        if not key.endswith("key.bias") and gradient.abs().max() > 0
    ]
    return max(far)


def rounding(model, name, texts):
    """How far the gradients of single precision come to be from exact ones, at most: of the network and of its neighbours, whose
    weights differ from its own by a millionth, story by story and in a rectangle.

    How the rounding of one network falls out is chance, and falls out otherwise where sums are formed in another order: of a network
    and its neighbours, of which none is nearer to what single precision can do, the worst tells how well it does."""
    far = []
    for number in range(NEIGHBOURS):
        neighbour = copy.deepcopy(model)
        for parameter in neighbour.parameters():
            step = 1e-6 * (2 * torch.rand_like(parameter) - 1) if number > 0 else 0.0
            parameter.data = (parameter.data * (1 + step)).float().double()
        exact = pass_of(neighbour, name, *texts)[-1]
        neighbour.float()
        far += [distance(exact, pass_of(neighbour, name, *texts, is_padded)[-1]) for is_padded in (False, True)]
    return max(far)


def write(name, architecture, case, out, seed):
    layers, hidden, heads, width, window, activation, dropout, lengths = case
    torch.manual_seed(sum(map(ord, name)) + seed)
    padding = PADDING.get(name, 0)
    shape = (layers, hidden, heads, width, window, activation)
    model = gpt_neo(*shape) if architecture == "gpt-neo" else roberta(*shape, padding)
    model = model.double().eval()
    randomise(model)
    stories, scored, targets = inputs(architecture, lengths, padding)
    stories[0][INSIDE.get(name, [])] = padding
    logits, log_probabilities, loss, gradients = pass_of(model, name, stories, scored, targets)
    far = rounding(model, name, (stories, scored, targets))
    bounds = torch.tensor([0, *lengths]).cumsum(0)
    tensors = {
        "padding": torch.tensor([padding]),
        "tokens": torch.cat(stories),
        "bounds": bounds,
        "scored": torch.cat([places + start for places, start in zip(scored, bounds)]),
        "targets": torch.cat(targets),
        "logits": logits,
        "log-probabilities": log_probabilities,
        "loss": loss[None],
        "rounding": torch.tensor([far], dtype=torch.float64),
    }
    for key, parameter in model.named_parameters():
        rows = slice(padding if "position_embeddings" in key else 0, None)
        tensors[f"weight/{key}"] = parameter.detach()[rows].float().contiguous()
        tensors[f"gradient/{key}"] = gradients[key][rows].contiguous()
    spec = spec_of(architecture, *shape, dropout)
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    save_file(tensors, out / f"{name}.safetensors", {"spec": json.dumps(spec), "versions": versions})


def main(names, out=HERE, seed=0, drawn=DRAWN):
    """Writes the cases of these names, or all and so many drawn ones, into a folder; another seed gives other weights, texts and
    drawn shapes."""
    for number in range(drawn):
        draw(number, seed)
    for name in names or [*GPT_NEO, *ROBERTA]:
        architecture, cases = ("gpt-neo", GPT_NEO) if name in GPT_NEO else ("roberta", ROBERTA)
        write(name, architecture, cases[name], out, seed)


if __name__ == "__main__":
    main(sys.argv[1:])
