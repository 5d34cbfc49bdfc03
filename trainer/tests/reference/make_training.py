"""Writes 50 optimiser steps of transformers' networks under torch's AdamW, for `trainer/tests/training.rs`.

    pip install torch==2.11.0 transformers==4.57.1 safetensors
    python make_training.py

Each file holds the weights at the start, the stories of every step, and the loss of every step in single precision. The
optimiser is as the `Trainer` of transformers sets it up: AdamW with weight decay on all but biases and norms, the gradient
clipped to norm 1, the rate falling on a straight line to 0, no warm-up. The stories of a step are one padded batch with its
attention mask, as a collator would make it; the trainer gets them packed.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

from make_reference import CONTEXT, VOCABULARY, gpt_neo, inputs, roberta, spec_of

STEPS = 50
STORIES = 4
PEAK = 5e-3
DECAY = 0.1
HERE = Path(__file__).parent

# name: (architecture, layers, hidden size, heads, feed-forward width, window, activation)
RUNS = {
    "training-gpt-neo": ("gpt-neo", 2, 12, 3, 20, 4, "gelu-tanh"),
    "training-roberta": ("roberta", 2, 12, 2, 20, None, "gelu"),
}


def groups(model):
    decays, others = [], []
    for name, parameter in model.named_parameters():
        is_norm = "ln_" in name or "LayerNorm" in name or "layer_norm" in name
        (others if is_norm or name.endswith("bias") else decays).append(parameter)
    return [{"params": decays, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]


def padded(stories, scored, targets):
    """One rectangle, its mask, and labels at the positions whose logits are scored."""
    length = max(len(story) for story in stories)
    ids = torch.zeros(len(stories), length, dtype=torch.int64)
    labels = torch.full_like(ids, -100)
    for row, (story, places, answers) in enumerate(zip(stories, scored, targets)):
        ids[row, : len(story)] = story
        labels[row, places] = answers
    return ids, (ids != 0).long(), labels


def write(out, seed, name, architecture, layers, hidden, heads, width, window, activation):
    torch.manual_seed(sum(map(ord, name)) + seed)
    build = gpt_neo if architecture == "gpt-neo" else roberta
    # Dropout would draw other masks here than there.
    model = build(layers, hidden, heads, width, window, activation).eval()
    start = {f"weight/{key}": parameter.detach().clone() for key, parameter in model.named_parameters()}
    optimizer = torch.optim.AdamW(groups(model), lr=PEAK)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 0, STEPS)
    tensors, losses = dict(start), []
    tokens, lengths, places, answers, counts = [], [], [], [], []
    for _ in range(STEPS):
        sizes = torch.randint(2, CONTEXT + 1, (STORIES,)).tolist()
        stories, scored, targets = inputs(architecture, sizes)
        ids, mask, labels = padded(stories, scored, targets)
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
        tokens.extend(stories)
        lengths.extend(sizes)
        bounds = torch.tensor([0, *sizes]).cumsum(0)
        places.extend(one + begin for one, begin in zip(scored, bounds))
        answers.extend(targets)
        counts.append(sum(len(one) for one in scored))
    tensors.update(
        {
            "tokens": torch.cat(tokens),
            "lengths": torch.tensor(lengths).view(STEPS, STORIES),
            "scored": torch.cat(places),
            "targets": torch.cat(answers),
            "counts": torch.tensor(counts),
            "losses": torch.stack(losses),
        }
    )
    for key, parameter in model.named_parameters():
        tensors[f"end/{key}"] = parameter.detach().clone()
    spec = spec_of(architecture, layers, hidden, heads, width, window, activation, 0.0)
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    save_file(tensors, out / f"{name}.safetensors", {"spec": json.dumps(spec), "versions": versions})
    print(name, [round(float(losses[step]), 4) for step in (0, 10, 25, 49)])


def main(out=HERE, seed=0):
    """Writes all runs into a folder; another seed gives other weights and texts."""
    for name, case in RUNS.items():
        write(out, seed, name, *case)


if __name__ == "__main__":
    main()
