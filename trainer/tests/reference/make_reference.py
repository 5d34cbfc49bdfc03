"""Writes what Hugging Face's transformers computes for a few tiny networks, for `trainer/tests/reference.rs`.

    pip install torch==2.11.0 transformers==4.57.1 safetensors
    python make_reference.py

Each file holds one case: weights and inputs, and the log-probabilities, loss and gradients that follow from them, computed
in double precision. Its metadata carries the spec of the network as the trainer reads it. Every story is given to the
network alone; the trainer gets them all in one packed batch.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import GPTNeoConfig, GPTNeoForCausalLM, RobertaConfig, RobertaForMaskedLM

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
}
ROBERTA = {
    "roberta": (2, 12, 3, 20, None, "gelu", 0.1, [7, 12, 2, 5, 6]),
    "roberta-odd": (1, 7, 1, 11, None, "relu", 0.0, [9, 2]),
    "roberta-deep": (3, 10, 5, 16, None, "silu", 0.0, [4, 4, 4]),
    "roberta-tanh": (2, 8, 2, 9, None, "gelu-tanh", 0.0, [12, 10, 3]),
}


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


def roberta(layers, hidden, heads, width, _window, activation):
    return RobertaForMaskedLM(
        RobertaConfig(
            vocab_size=VOCABULARY,
            max_position_embeddings=CONTEXT + 1,
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=width,
            hidden_act=ACTIVATIONS[activation],
            layer_norm_eps=1e-12,
            pad_token_id=0,
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


def inputs(architecture, lengths):
    """Token ids, story by story, and which positions should say what."""
    stories = [torch.randint(1, VOCABULARY, (length,)) for length in lengths]
    scored, targets = [], []
    for story in stories:
        if architecture == "gpt-neo":
            scored.append(torch.arange(len(story) - 1))
            targets.append(story[1:])
        else:
            scored.append(torch.randperm(len(story))[: (len(story) + 1) // 2].sort().values)
            targets.append(torch.randint(0, VOCABULARY, (len(scored[-1]),)))
    return stories, scored, targets


def write(name, architecture, case):
    layers, hidden, heads, width, window, activation, dropout, lengths = case
    torch.manual_seed(sum(map(ord, name)))
    build = gpt_neo if architecture == "gpt-neo" else roberta
    model = build(layers, hidden, heads, width, window, activation).double().eval()
    randomise(model)
    stories, scored, targets = inputs(architecture, lengths)
    log_probabilities = []
    for story, places, ids in zip(stories, scored, targets):
        logits = model(input_ids=story[None]).logits[0]
        log_probabilities.append(logits[places].log_softmax(-1).gather(-1, ids[:, None])[:, 0])
    log_probabilities = torch.cat(log_probabilities)
    loss = -log_probabilities.sum()
    loss.backward()

    bounds = torch.tensor([0, *lengths]).cumsum(0)
    tensors = {
        "tokens": torch.cat(stories),
        "bounds": bounds,
        "scored": torch.cat([places + start for places, start in zip(scored, bounds)]),
        "targets": torch.cat(targets),
        "log-probabilities": log_probabilities.detach(),
        "loss": loss.detach()[None],
    }
    for key, parameter in model.named_parameters():
        tensors[f"weight/{key}"] = parameter.detach().float().contiguous()
        tensors[f"gradient/{key}"] = parameter.grad.contiguous()
    spec = {
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
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    save_file(tensors, HERE / f"{name}.safetensors", {"spec": json.dumps(spec), "versions": versions})


for name, case in GPT_NEO.items():
    write(name, "gpt-neo", case)
for name, case in ROBERTA.items():
    write(name, "roberta", case)
