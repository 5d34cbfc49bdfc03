#!/usr/bin/env python3
"""Seedbed's trainer and the references of reference.py in turn, on the same stories and machine; prints the ratios.

  python compare.py STORIES.txt [--trainer target/release/seedbed-trainer] [--python PYTHON] [--rounds 3]
                    [--cases gpt-neo,kan-3-3,roberta] [--activations] [--precision fp32] [--before "flock -x lock"]

PYTHON has torch, transformers and tokenizers. Every round runs ours, `study` and `best` one after the other; the medians of the
rounds are compared. With --activations our own levels of `activation` are compared with our gelu-tanh, with which they are trained
in turns, step by step, and with `study` instead. `--before` is put in front of every command.
"""
import argparse
import datetime
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SPLINES = ["--activation", "kan", "--set", "model.ffn-size=256", "--set", "model.budget=unmatched"]


def kan(intervals, order):
    ours = SPLINES + ["--set", f"model.kan.intervals={intervals}", "--set", f"model.kan.order={order}"]
    return ours, ["--model", "kan", "--kan", f"{intervals},{order}"]


CASES = {
    "gpt-neo": ([], ["--model", "gpt-neo"]),
    "kan-3-3": kan(3, 3),
    "kan-3-5": kan(3, 5),
    "roberta": (["--architecture", "roberta", "--activation", "gelu"], ["--model", "roberta"]),
}
ACTIVATIONS = (
    "gelu relu silu swish prelu learnable-gelu geglu identity tanh mish elu xielu rational linear-spline poly-norm "
    "swiglu snake").split()


def run(command, before):
    done = subprocess.run(before + command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def rate(results):
    return statistics.median(result["real-tokens-per-second"]["median"] for result in results)


def memory(results):
    return max(result["peak-memory-mebibytes"] for result in results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stories")
    parser.add_argument("--trainer", default=str(HERE.parents[1] / "target/release/seedbed-trainer"))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--activations", action="store_true")
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16", help="ours and best's; study is fp32")
    parser.add_argument("--before", default="")
    arguments = parser.parse_args()
    before, cache = shlex.split(arguments.before), tempfile.mkdtemp(prefix="seedbed-bench-")
    bench = [arguments.trainer, "bench", arguments.stories, "--cache", cache, "--json", "--steps", str(arguments.steps)]
    bench += ["--precision", arguments.precision]
    # Prepares the stories, so that no timed process has to.
    first = run(bench, before)
    print(f"{datetime.date.today()}, {first['processor']}, {first['device']}\n")
    if arguments.activations:
        reference = [arguments.python, str(HERE / "reference.py"), arguments.stories, "--steps", str(arguments.steps)]
        study, plain, others = [], [], []
        for _ in range(arguments.rounds):
            study.append(run(reference + ["--mode", "study"] + CASES["gpt-neo"][1], before))
            plain.append(run(bench + ["--beside", ",".join(ACTIVATIONS)], before))
            others.append({other["activation"]: other for other in plain[-1]["beside"]})
        print(f"`study`, gpt-neo: {rate(study):.0f}; gelu-tanh: {rate(plain):.0f}, {rate(plain) / rate(study):.1f} times\n")
        print("| activation | tokens/s | / study | of gelu-tanh, turn by turn |\n| --- | --- | --- | --- |")
        for name in ACTIVATIONS:
            results = [found[name] for found in others]
            ratio = statistics.median(result["ratio"]["median"] for result in results)
            print(f"| {name} | {rate(results):.0f} | {rate(results) / rate(study):.1f} | {ratio:.2f} |")
        return
    print("| model | ours, tokens/s | study | best | ours / study | ours / best | share of peak | memory, MiB: ours, best |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in arguments.cases.split(","):
        ours_options, reference_options = CASES[name]
        reference = [arguments.python, str(HERE / "reference.py"), arguments.stories, "--steps", str(arguments.steps)]
        ours, study, best = [], [], []
        for _ in range(arguments.rounds):
            ours.append(run(bench + ours_options, before))
            study.append(run(reference + ["--mode", "study"] + reference_options, before))
            best.append(run(reference + ["--mode", "best", "--precision", arguments.precision] + reference_options, before))
        share = statistics.median(result["share-of-peak"] for result in ours)
        print(
            f"| {name} | {rate(ours):.0f} | {rate(study):.0f} | {rate(best):.0f} | {rate(ours) / rate(study):.1f} "
            f"| {rate(ours) / rate(best):.2f} | {share:.0%} | {memory(ours)}, {memory(best)} |", flush=True)


main()
