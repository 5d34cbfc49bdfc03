#!/usr/bin/env python3
"""Whether training in bf16 by our kernels goes where training in fp32 by plain libtorch goes: the loss of the last of some steps
on the same stories, from the same weights, for each activation.

  python agreement.py STORIES.txt [--trainer target/release/seedbed-trainer] [--size study|small] [--steps 200]
                      [--activations gelu-tanh,prelu] [--architecture gpt-neo] [--tokens N] [--threads N] [--seeds 1]
                      [--bound 0.005]

Prints a table, and fails when a loss is further than the bound from that of fp32; with several seeds, when their mean is. `small` is a network of a fiftieth of the
study's operations: 128 channels, 2,000 ids, 512 tokens a step. Kolmogorov-Arnold layers are written kan:3:3 (intervals, order).
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SMALL = ["model.hidden-size=128", "model.ffn-size=256", "model.vocabulary=2000"]
ACTIVATIONS = (
    "identity relu leaky-relu relu6 relu2 star-relu prelu delft-prelu erf-relu xiprelu elu selu celu xielu tanh sigmoid softplus "
    "laplace gaussian dyt sin snake silu swish delft-swish hardswish mish golu xsilu xatlu acon-c gelu gelu-tanh quick-gelu "
    "scaled-gelu learnable-gelu shifted-gelu scaled-learnable-gelu delft-learnable-gelu xgelu poly-relu poly-norm rational "
    "linear-spline glu bilinear reglu geglu delft-geglu delft-learnable-geglu swiglu learnable-swiglu relu2-glu drelu kan:3:3 "
    "kan:3:5 efficient-kan delft-kan fast-kan chebyshev-kan grouped-chebyshev-kan gr-kan").split()


def settings(name, size):
    name, *grid = name.split(":")
    given = (SMALL if size == "small" else []) + ["model.budget=unmatched"]
    if grid:
        given += [f"model.kan.intervals={grid[0]}", f"model.kan.order={grid[1]}"]
        given += ["model.ffn-size=256"] if size == "study" else ["model.ffn-size=64"]
    return ["--activation", name] + [part for one in given for part in ("--set", one)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stories")
    parser.add_argument("--trainer", default=str(HERE.parents[1] / "target/release/seedbed-trainer"))
    parser.add_argument("--size", choices=["study", "small"], default="small")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--activations", default=",".join(ACTIVATIONS))
    parser.add_argument("--architecture", choices=["gpt-neo", "roberta"], default="gpt-neo")
    parser.add_argument("--tokens", type=int, help="tokens a step (default: 4,096 at the study's size, 512 at the small one)")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--bound", type=float, default=0.005)
    arguments = parser.parse_args()
    bench = [arguments.trainer, "bench", arguments.stories, "--json", "--cache", tempfile.mkdtemp(prefix="seedbed-agree-")]
    tokens = arguments.tokens or (4096 if arguments.size == "study" else 512)
    bench += ["--steps", "1", "--warm-up", str(arguments.steps - 1), "--tokens", str(tokens)]
    bench += ["--architecture", arguments.architecture]
    bench += ["--threads", str(arguments.threads)] if arguments.threads else []
    print("| activation | seed | loss in fp32 | loss in bf16 | apart |\n| --- | --- | --- | --- | --- |")
    far = []
    for name in arguments.activations.split(","):
        aparts = []
        for seed in range(arguments.seeds):
            losses = {}
            for precision in ("fp32", "bf16"):
                command = bench + ["--seed", str(seed), "--precision", precision] + settings(name, arguments.size)
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                if done.returncode != 0:
                    sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
                losses[precision] = json.loads(done.stdout)["last-loss"]
            aparts.append(losses["bf16"] / losses["fp32"] - 1)
            print(f"| {name} | {seed} | {losses['fp32']:.4f} | {losses['bf16']:.4f} | {aparts[-1]:+.2%} |", flush=True)
        mean = statistics.mean(aparts)
        if arguments.seeds > 1:
            print(f"| {name} | mean | | | {mean:+.2%} |", flush=True)
        if not abs(mean) < arguments.bound:
            far.append(name)
    if far:
        sys.exit(f"further than {arguments.bound:.1%} apart: {', '.join(far)}")


main()
