#!/bin/bash
# What only a GPU can show: kernels, every activation, the same bytes twice and after kills, the losses of a CPU.
#
#   tests/gpu/check.sh STORIES.txt [PROGRAMS]
#
# STORIES.txt has a line `<|endoftext|>` between two stories; a few hundred kilobytes do. PROGRAMS is the folder of seedbed and
# seedbed-trainer, target/release if left out. What it printed, and on what, stands in tests/gpu/README.md.
set -euo pipefail
stories=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
export PATH=$(realpath "${2:-$here/../../target/release}"):$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/*.toml "$work"
head -c 400000 "$stories" >"$work/stories.txt"
cd "$work"

sweep() { seedbed run "$1.toml" --root "$2" --quiet "${@:3}"; }

echo "== the machine"
seedbed-trainer inspect --collective

echo "== every activation in fp32, on the GPU and on the processor"
sweep levels gpu --per-gpu 8 --threads 1
sweep levels cpu --set execution.device=cpu --slots "$(nproc)" --threads 1
python3 "$here/compare.py" losses gpu/levels cpu/levels

echo "== twice in bf16"
sweep half first --per-gpu 8 --threads 1
sweep half second --per-gpu 8 --threads 1
python3 "$here/compare.py" bytes first/half second/half

echo "== killed three times, and never"
sweep kills undisturbed --per-gpu 6 --threads 2
for seconds in 5 7 6; do timeout --signal=KILL "$seconds" seedbed run kills.toml --root killed --quiet --per-gpu 6 --threads 2 || true; done
sweep kills killed --per-gpu 6 --threads 2
python3 "$here/compare.py" bytes undisturbed/kills killed/kills
