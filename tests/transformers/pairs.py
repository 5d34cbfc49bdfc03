"""Scores minimal pairs in plain PyTorch, and compares them with what `seedbed-trainer evaluate --scores` wrote.

    python pairs.py MODEL PAIRS [--scores SCORES] [--every N] [--batch 64] [--threads 1] [--protocol NAME]

MODEL is an exported model, PAIRS a file of pairs or BLiMP's folder `data`, SCORES the trainer's scores.csv. Each N-th pair is
scored. Prints how many sentences a second were scored and, with SCORES, the largest relative difference and how many choices
differ; ends with 1 if a score is off by more than 1e-6 of itself, or a choice differs.

Protocols: a decoder's sum of ln p after `<s>` (bos) and after `</s>` (eos); an encoder's pseudo-log-likelihood with each token
hidden alone (pll: Salazar et al. 2020), or with the later tokens of its word hidden too (pll-word-l2r: Kauf & Ivanova 2023).
A plain batch: padded, every copy whole, the head on all positions.
"""

import argparse
import csv
import json
import os
import sys
import time
import warnings
from pathlib import Path

# The torch that libtorch's wheel holds wants CUDA libraries that are not there: what is never called need not be found.
sys.setdlopenflags(os.RTLD_LAZY)
warnings.filterwarnings("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer  # noqa: E402

TOLERANCE = 1e-6

transformers.logging.set_verbosity_error()


def read_pairs(path, every):
    """(paradigm, index within it, good, bad) of each chosen pair."""
    path = Path(path)
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    pairs, seen = [], {}
    for file in files:
        for line in file.read_text().splitlines():
            row = json.loads(line)
            index = seen[row["UID"]] = seen.get(row["UID"], -1) + 1
            pairs.append((row["UID"], index, row["sentence_good"], row["sentence_bad"]))
    return pairs[::every]


def padded(rows, fill):
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def in_batches(rows, size):
    """Indices of rows of similar length."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    return [order[start : start + size] for start in range(0, len(order), size)]


@torch.inference_mode()
def decoder_scores(model, encodings, first, batch):
    rows = [[first] + encoding.ids for encoding in encodings]
    sums = [0.0] * len(rows)
    for chosen in in_batches(rows, batch):
        ids = padded([rows[index] for index in chosen], 0)
        logits = model(ids[:, :-1]).logits.log_softmax(-1)
        found = logits.gather(-1, ids[:, 1:, None])[..., 0].double()
        for index, row in zip(chosen, found):
            sums[index] = row[: len(rows[index]) - 1].sum().item()
    return sums


@torch.inference_mode()
def encoder_scores(model, tokenizer, encodings, hides_rest_of_word, batch):
    copies, asked, owners = [], [], []
    for owner, encoding in enumerate(encodings):
        ids, words = encoding.ids, encoding.word_ids
        for place in range(len(ids)):
            copy = list(ids)
            for later in range(place, len(ids)):
                if later == place or (hides_rest_of_word and words[later] == words[place]):
                    copy[later] = tokenizer.mask_token_id
            copies.append([tokenizer.bos_token_id] + copy + [tokenizer.eos_token_id])
            asked.append((place + 1, ids[place]))
            owners.append(owner)
    sums = [0.0] * len(encodings)
    for chosen in in_batches(copies, batch):
        rows = [copies[index] for index in chosen]
        ids = padded(rows, tokenizer.pad_token_id)
        # By length, not by id: a mask is one also where it is spelled like padding.
        mask = padded([[1] * len(row) for row in rows], 0)
        found = model(ids, attention_mask=mask).logits.log_softmax(-1)
        for row, index in enumerate(chosen):
            place, target = asked[index]
            sums[owners[index]] += found[row, place, target].item()
    return sums


def score(model, tokenizer, sentences, protocol, batch):
    encodings = tokenizer.backend_tokenizer.encode_batch(sentences, add_special_tokens=False)
    if protocol in ("bos", "eos"):
        first = tokenizer.bos_token_id if protocol == "bos" else tokenizer.eos_token_id
        return decoder_scores(model, encodings, first, batch)
    return encoder_scores(model, tokenizer, encodings, protocol == "pll-word-l2r", batch)


def choice(good, bad):
    return (good > bad) - (good < bad)


def compare(pairs, found, theirs):
    """The largest relative difference of a score, and how many choices differ."""
    far, changed = 0.0, 0
    for (paradigm, index, *_), good, bad in zip(pairs, found[::2], found[1::2]):
        there = theirs[paradigm, index]
        far = max(far, abs(good / there[0] - 1.0), abs(bad / there[1] - 1.0))
        changed += choice(good, bad) != choice(*there)
    return far, changed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("pairs")
    parser.add_argument("--scores")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--protocol", action="append")
    request = parser.parse_args()
    torch.set_num_threads(request.threads)
    config = AutoConfig.from_pretrained(request.model, trust_remote_code=True)
    is_decoder = config.architectures[0].endswith("CausalLM")
    kind = AutoModelForCausalLM if is_decoder else AutoModelForMaskedLM
    trust = {"trust_remote_code": True} if hasattr(config, "auto_map") else {}
    model = kind.from_pretrained(request.model, **trust).eval()
    tokenizer = AutoTokenizer.from_pretrained(request.model, **trust)
    pairs = read_pairs(request.pairs, request.every)
    sentences = [text for pair in pairs for text in pair[2:]]
    bad = not pairs
    for protocol in request.protocol or (["bos", "eos"] if is_decoder else ["pll", "pll-word-l2r"]):
        began = time.perf_counter()
        found = score(model, tokenizer, sentences, protocol, request.batch)
        seconds = time.perf_counter() - began
        print(f"{protocol}: {len(sentences)} sentences in {seconds:.1f} s, {len(sentences) / seconds:.1f} a second")
        if request.scores:
            with open(request.scores, newline="") as file:
                rows = [row for row in csv.DictReader(file) if row["protocol"] == protocol]
            theirs = {(row["paradigm"], int(row["pair"])): (float(row["good"]), float(row["bad"])) for row in rows}
            far, changed = compare(pairs, found, theirs)
            print(f"{protocol}: {len(pairs)} pairs, scores differ by at most {far:.1e}, {changed} choices differ")
            bad |= far > TOLERANCE or changed > 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
