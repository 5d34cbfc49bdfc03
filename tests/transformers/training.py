"""Lets this environment's transformers compute the networks and runs of `trainer/tests/reference`, with other weights and texts.

    python training.py OUT SEED [DRAWN]

DRAWN shapes are drawn at random besides, 12 if it is left out. The makers there say what is computed; the tests `gradients`,
`training` and `masking` of the trainer compare it, where `SEEDBED_REFERENCE` names OUT.
"""

import os
import sys
from pathlib import Path

# The torch that libtorch's wheel holds wants CUDA libraries that are not there: what is never called need not be found.
sys.setdlopenflags(os.RTLD_LAZY)
sys.path.insert(0, str(Path(__file__).parents[2] / "trainer/tests/reference"))

import torch  # noqa: E402
import transformers  # noqa: E402

import make_masking  # noqa: E402
import make_reference  # noqa: E402
import make_training  # noqa: E402


def main(out, seed, drawn=12):
    torch.set_num_threads(1)
    # GPT-Neo of versions before 5 computes attention in single precision only, and with a mask of double precision not at all.
    if int(transformers.__version__.split(".")[0]) >= 5:
        make_reference.main([], out, seed, drawn)
    make_training.main(out, seed)
    make_masking.main(out, seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
