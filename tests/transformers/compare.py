"""Loads exported models in this environment's transformers and compares them with what `seedbed-trainer score` says.

    python compare.py MODELS

MODELS holds a folder for each model, and beside it `NAME.jsonl`, the trainer's scores of some texts. Every model is loaded in fp32,
where it must say the same, and in both half precisions, where it must say numbers that are near. Prints a line for every model
that differs and ends with 1 if one does.
"""

import json
import os
import sys
import warnings
from pathlib import Path

# The torch that libtorch's wheel holds wants CUDA libraries that are not there: what is never called need not be found.
sys.setdlopenflags(os.RTLD_LAZY)
warnings.filterwarnings("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer  # noqa: E402

TOLERANCE = 1e-5
# How far a log-probability may be in half precision, as a part of it where that is above 1: enough to see that it is the same
# model, whose numbers overflow nowhere.
HALF = {torch.float16: 0.05, torch.bfloat16: 0.25}

transformers.logging.set_verbosity_error()
# The networks are tiny, and the other version is compared at the same time.
torch.set_num_threads(1)


def log_probabilities(model, tokenizer, ids):
    """ln p of every id between the special ones, as the trainer defines it."""
    with torch.no_grad():
        if model.config.architectures[0].endswith("CausalLM"):
            rows = model(torch.tensor([ids])).logits[0].float().log_softmax(-1)
            return [rows[place, ids[place + 1]].item() for place in range(len(ids) - 1)]
        hidden = torch.tensor([ids]).repeat(len(ids) - 2, 1)
        places = torch.arange(1, len(ids) - 1)
        hidden[places - 1, places] = tokenizer.mask_token_id
        rows = model(hidden).logits[places - 1, places].float().log_softmax(-1)
        return rows[places - 1, torch.tensor(ids)[places]].tolist()


def load(folder):
    """Model and tokenizer; the model may run code of its folder only if it has some."""
    config = json.loads((folder / "config.json").read_text())
    trust = {"trust_remote_code": True} if "auto_map" in config else {}
    is_decoder = config["architectures"][0].endswith("CausalLM")
    kind = AutoModelForCausalLM if is_decoder else AutoModelForMaskedLM
    model, report = kind.from_pretrained(folder, output_loading_info=True, **trust)
    wrong = {key: value for key, value in report.items() if value and key != "error_msgs"}
    if wrong or report.get("error_msgs"):
        raise ValueError(f"loaded with {report}")
    return model.eval(), AutoTokenizer.from_pretrained(folder, **trust)


def compare(folder):
    """The largest distance of a log-probability, as a part of it where that is above 1."""
    model, tokenizer = load(folder)
    far = 0.0
    for line in folder.with_suffix(".jsonl").read_text().splitlines():
        row = json.loads(line)
        ids = tokenizer(row["text"])["input_ids"]
        inner = ids[1:] if ids[-1] != tokenizer.eos_token_id else ids[1:-1]
        if inner != row["ids"] or ids[0] != tokenizer.bos_token_id:
            raise ValueError(f"{row['text']!r} is {ids} here, {row['ids']} there")
        if tokenizer.convert_ids_to_tokens(inner) != row["tokens"]:
            raise ValueError(f"the tokens of {row['text']!r} have other names")
        found = log_probabilities(model, tokenizer, ids)
        if len(found) != len(row["log-probabilities"]):
            raise ValueError(f"{len(found)} log-probabilities, there {len(row['log-probabilities'])}")
        for here, there in zip(found, row["log-probabilities"]):
            far = max(far, abs(here - there) / max(1.0, abs(here)))
    return far


def compare_in_half(folder):
    """What is wrong with the model in half precision, if something is: the first text is enough to see it."""
    row = json.loads(folder.with_suffix(".jsonl").read_text().splitlines()[0])
    for kind, tolerance in HALF.items():
        model, tokenizer = load(folder)
        model = model.to(kind)
        ids = tokenizer(row["text"])["input_ids"]
        found = log_probabilities(model, tokenizer, ids)
        pairs = zip(found, row["log-probabilities"])
        far = max(abs(here - there) / max(1.0, abs(there)) for here, there in pairs)
        # A distance that is not a number fails, too.
        if not far < tolerance:
            return f"in {kind} it differs by {far}"
    return None


def main(models):
    folders = sorted(path for path in Path(models).iterdir() if path.is_dir())
    bad = 0
    for folder in folders:
        try:
            far = compare(folder)
            problem = compare_in_half(folder) if far < TOLERANCE else f"differs by {far}"
        except Exception as error:  # noqa: BLE001
            problem = f"{type(error).__name__}: {error}"
        if problem:
            bad += 1
            print(f"{folder.name}: {problem}")
    print(f"transformers {transformers.__version__}: {len(folders) - bad} of {len(folders)} models agree")
    return 1 if bad or not folders else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
