"""Runs BLiMP in the public evaluation harness (lm-eval) on an exported decoder, and compares it with `seedbed-trainer evaluate`.

    pip install lm-eval==0.4.13 transformers torch
    python harness.py MODEL BLIMP/data [--scores SCORES] [--paradigms 67] [--draw 0] [--batch 64] [--threads 2]

The harness's own task, with two changes: its data is read from files, and no space is put before a sentence, which BabyLM's
harness does not do either. `--space` leaves that space where it is (then SCORES is of `evaluate --space`). `--eos` begins with
`</s>` rather than `<s>`. Paradigms are drawn at random, always the same ones for one `--draw`. Prints how many sentences a second the harness
scored, and how many choices and scores differ. A pair of the same sentence twice is right for the harness and a tie for us.
"""

import argparse
import csv
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import torch
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

TOLERANCE = 1e-6

TASK = """\
task: local_{name}
dataset_path: json
dataset_kwargs:
  data_files:
    train: {path}
output_type: multiple_choice
validation_split: train
doc_to_text: ""
doc_to_target: 0
doc_to_choice: "{{{{[sentence_good, sentence_bad]}}}}"
target_delimiter: "{delimiter}"
num_fewshot: 0
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("blimp")
    parser.add_argument("--scores")
    parser.add_argument("--paradigms", type=int, default=67)
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--space", action="store_true")
    parser.add_argument("--eos", action="store_true")
    request = parser.parse_args()
    torch.set_num_threads(request.threads)
    files = sorted(Path(request.blimp).glob("*.jsonl"))
    files = sorted(random.Random(request.draw).sample(files, min(request.paradigms, len(files))))
    # What transformers does not know by name brings its code.
    has_code = "auto_map" in json.loads((Path(request.model) / "config.json").read_text())
    model = HFLM(
        pretrained=request.model, batch_size=request.batch, device="cpu", dtype="float32", trust_remote_code=has_code
    )
    if request.eos:
        model.custom_prefix_token_id = model.tokenizer.eos_token_id
    spent = [0.0, 0]
    plain = model.loglikelihood

    def timed(requests, **more):
        began = time.perf_counter()
        found = plain(requests, **more)
        spent[0] += time.perf_counter() - began
        spent[1] += len(requests)
        return found

    model.loglikelihood = timed
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            text = TASK.format(name=file.stem, path=file.resolve(), delimiter=" " if request.space else "")
            (Path(folder) / f"{file.stem}.yaml").write_text(text)
        manager = TaskManager(include_path=folder, include_defaults=False)
        found = simple_evaluate(
            model, tasks=[f"local_{file.stem}" for file in files], task_manager=manager, bootstrap_iters=0, log_samples=True
        )
    print(f"lm-eval: {spent[1]} sentences in {spent[0]:.1f} s, {spent[1] / spent[0]:.0f} a second")
    if not request.scores:
        return 0
    protocol = "eos" if request.eos else "bos"
    with open(request.scores, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["protocol"] == protocol]
    ours = {(row["paradigm"], int(row["pair"])): (float(row["good"]), float(row["bad"])) for row in rows}
    far, changed, ties = 0.0, 0, 0
    for file in files:
        samples = sorted(found["samples"][f"local_{file.stem}"], key=lambda sample: sample["doc_id"])
        for index, sample in enumerate(samples):
            theirs = [float(response[0]) for response in sample["filtered_resps"]]
            here = ours[sample["doc"]["UID"], index]
            far = max(far, *(abs(one / other - 1.0) for one, other in zip(here, theirs)))
            if sample["doc"]["sentence_good"] == sample["doc"]["sentence_bad"]:
                ties += here[0] == here[1]
            else:
                changed += (here[0] > here[1]) != (theirs[0] > theirs[1])
    pairs = 1000 * len(files)
    print(f"{pairs} pairs: scores differ by at most {far:.1e}, {changed} choices differ; {ties} pairs of the same sentence")
    return 1 if changed or far > TOLERANCE else 0


if __name__ == "__main__":
    sys.exit(main())
