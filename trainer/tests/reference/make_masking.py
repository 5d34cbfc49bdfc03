"""Writes how often transformers' `DataCollatorForLanguageModeling` chooses, hides and replaces what, for `trainer/tests/masking.rs`.

    pip install torch==2.11.0 transformers==5.23.0 safetensors
    python make_masking.py

The file holds some stories, among them ones with nothing to choose and with unknown tokens inside, and what the collator did with
them in `EPOCHS` passes, in batches padded to their longest story.
"""

from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerFast

VOCABULARY = 300
SPECIALS = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
UNKNOWN, MASK = 3, 4
EPOCHS = 400
BATCH = 16
HERE = Path(__file__).parent

# Tokens between the special ones: so many stories have so many.
LENGTHS = [0, 0, 1, 1, 2, 3, 5, 9, 14, 40, *[24] * 40]
# The length whose stories' numbers of chosen tokens are counted, and the most that are told apart.
COUNTED, MOST = 24, 12


def tokenizer():
    names = [*SPECIALS, *(f"word{index}" for index in range(len(SPECIALS), VOCABULARY))]
    words = models.WordLevel({name: index for index, name in enumerate(names)}, unk_token="<unk>")
    roles = ["pad_token", "bos_token", "eos_token", "unk_token", "mask_token"]
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), **dict(zip(roles, SPECIALS)))


def stories():
    """Of ordinary words, every ninth unknown."""
    made = []
    for length in LENGTHS:
        words = torch.randint(len(SPECIALS), VOCABULARY, (length,))
        words[8::9] = UNKNOWN
        made.append(torch.cat([torch.tensor([1]), words, torch.tensor([2])]))
    return made


def main(out=HERE, seed=0):
    torch.manual_seed(seed)
    texts = stories()
    bounds = torch.tensor([0, *map(len, texts)]).cumsum(0)
    tokens = torch.cat(texts)
    collator = DataCollatorForLanguageModeling(tokenizer(), mlm=True, mlm_probability=0.15)
    chosen = torch.zeros(len(tokens), dtype=torch.int64)
    kinds = torch.zeros(3, dtype=torch.int64)
    replaced = torch.zeros(VOCABULARY, dtype=torch.int64)
    numbers = torch.zeros(MOST + 1, dtype=torch.int64)
    for _ in range(EPOCHS):
        for first in range(0, len(texts), BATCH):
            some = texts[first : first + BATCH]
            batch = collator([{"input_ids": text.tolist()} for text in some])
            for row, text in enumerate(some):
                labels, inputs = batch["labels"][row], batch["input_ids"][row]
                if (labels[len(text) :] != -100).any() or (inputs[len(text) :] != 0).any():
                    raise ValueError("padding was chosen")
                labels, inputs = labels[: len(text)], inputs[: len(text)]
                is_chosen = labels != -100
                if (labels != text)[is_chosen].any() or (inputs != text)[~is_chosen].any():
                    raise ValueError("a label is not the token, or what was not chosen was changed")
                start = bounds[first + row]
                chosen[start : start + len(text)] += is_chosen
                given, right = inputs[is_chosen], labels[is_chosen]
                is_other = (given != MASK) & (given != right)
                kinds += torch.tensor([(given == MASK).sum(), ((given == right) & (given != MASK)).sum(), is_other.sum()])
                replaced += torch.bincount(given[is_other], minlength=VOCABULARY)
                if len(text) == COUNTED + 2:
                    numbers[min(MOST, int(is_chosen.sum()))] += 1
    tensors = {
        "tokens": tokens,
        "bounds": bounds,
        "epochs": torch.tensor([EPOCHS]),
        "counted-length": torch.tensor([COUNTED + 2]),
        "chosen": chosen,
        "kinds": kinds,
        "replaced": replaced,
        "numbers": numbers,
    }
    save_file(tensors, out / "masking.safetensors", {"versions": f"transformers {transformers.__version__}, torch {torch.__version__}"})


if __name__ == "__main__":
    main()
