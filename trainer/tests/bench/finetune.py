"""Fine-tuning on RTE in careful PyTorch, timed: the other side of `seedbed-trainer finetune --protocol superglue --tasks rte`.

    seedbed-trainer export --dir RUN --to MODEL
    time seedbed-trainer finetune --dir MODEL --data superglue --to out --tasks rte --seeds 0 --epochs 2
    python finetune.py MODEL superglue --epochs 2

Careful means: transformers' own sequence classifier with SDPA where it has it, texts tokenised once, batches of texts of similar
length (buckets of 50 batches, as `group_by_length` of its Trainer has it) padded to their longest, the fused AdamW, evaluation
without gradients by length. The model sees the same number of items in the same number of steps of the same size, is looked at
after every epoch, and answers the validation set at the end.

Measured on 2026-11-27 alone on two cores, a model of the study's size, one epoch of RTE in fp32, seconds of wall clock: this script
48.8 (GPT-Neo) and 49.8 (RoBERTa) without its start of 4 to 5; `finetune` 33.0 and 38.8 with its start and with both diagnostics,
in 1.2 and 1.3 GB. On 2026-11-28 on two cores of an Intel Xeon with AMX: 56.2 and 60.4 against 41.7 and 42.6, in 0.7 and 0.8 GB.
"""

import argparse
import json
import os
import random
import sys
import time

sys.setdlopenflags(os.RTLD_LAZY)

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

CLASSES = ["entailment", "not_entailment"]


def items(path, tokenizer, longest):
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    texts = tokenizer(
        [line["premise"] for line in lines],
        [line["hypothesis"] for line in lines],
        truncation="only_first",
        max_length=longest,
    )["input_ids"]
    return [(ids, CLASSES.index(line["label"])) for ids, line in zip(texts, lines)]


def padded(batch, pad):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.full((len(batch), longest), pad)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    for row, (text, _) in enumerate(batch):
        ids[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([label for _, label in batch])}


def buckets(data, size, rng):
    order = list(range(len(data)))
    rng.shuffle(order)
    mega = size * 50
    order = [
        index
        for start in range(0, len(order), mega)
        for index in sorted(order[start : start + mega], key=lambda index: -len(data[index][0]))
    ]
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    rng.shuffle(batches)
    return [[data[index] for index in batch] for batch in batches]


@torch.no_grad()
def accuracy(model, data, size, pad):
    model.eval()
    data = sorted(data, key=lambda item: -len(item[0]))
    right = 0
    for start in range(0, len(data), size):
        batch = padded(data[start : start + size], pad)
        labels = batch.pop("labels")
        right += (model(**batch).logits.argmax(-1) == labels).sum().item()
    model.train()
    return right / len(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-buckets", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    began = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = AutoModelForSequenceClassification.from_pretrained(given.model, num_labels=2)
    pad = model.config.pad_token_id = tokenizer.pad_token_id
    longest = min(512, model.config.max_position_embeddings - (pad + 1 if model.config.model_type == "roberta" else 0))
    training = items(f"{given.data}/RTE/train.jsonl", tokenizer, longest)
    validation = items(f"{given.data}/RTE/val.jsonl", tokenizer, longest)
    rng = random.Random(0)
    rng.shuffle(training)
    held_out, training = training[: len(training) // 10], training[len(training) // 10 :]
    size = 32
    steps = given.epochs * -(-len(training) // size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    rise = max(1, round(0.06 * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: step / rise if step < rise else (steps - step) / (steps - rise)
    )
    print(f"ready after {time.perf_counter() - began:.2f} s; {sum(len(ids) for ids, _ in training)} training tokens an epoch")
    began, cells = time.perf_counter(), 0
    for epoch in range(given.epochs):
        if given.no_buckets:
            rng.shuffle(training)
            batches = [training[start : start + size] for start in range(0, len(training), size)]
        else:
            batches = buckets(training, size, rng)
        for batch in batches:
            batch = padded(batch, pad)
            cells += batch["input_ids"].numel()
            loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
        print(f"epoch {epoch}: held out {accuracy(model, held_out, size, pad):.4f}, {time.perf_counter() - began:.2f} s")
    print(f"validation {accuracy(model, validation, size, pad):.4f}; {steps} steps, {cells} cells")
    print(f"tuning and scoring took {time.perf_counter() - began:.2f} s")


main()
