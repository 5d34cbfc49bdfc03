"""Submitting and asking, beside submitit, on one cluster.

    cargo cluster --max-array-size 20001 -- python3 tests/slurm/benchmark/submission.py

Both put the same number of array tasks into the queue of a partition that is down, so that nothing starts and only the
submission is measured; they take turns, and the jobs are cancelled in between. submitit comes pinned into a throwaway virtual
environment. What is timed is the whole command for Seedbed, and for submitit the call in a Python that has been started
already. `status` is asked of 10,000 runs in the queue, and squeue alone, as Seedbed calls it, beside it.
"""

import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv

RUNS = 5000
ROUNDS = 5
SUBMITIT = "submitit==1.5.4"
SEEDBED = pathlib.Path(__file__).resolve().parents[3] / "target/release/seedbed"

SWEEP = """
[sweep]
name = "bench"
seeds = {seeds}
[factors]
level = [1, 2, 3, 4, 5]
[trainer]
command = ["/bin/true", "{{level}}", "{{seed}}"]
[resources]
gpus = 0
cpus = 1
memory = "100M"
[analysis]
primary = "loss"
direction = "lower"
"""

PEER = """
import sys, time, submitit
folder, runs = sys.argv[1], int(sys.argv[2])
executor = submitit.SlurmExecutor(folder=folder)
executor.update_parameters(time=10, mem="100M", array_parallelism=runs)
begun = time.perf_counter()
executor.map_array(abs, list(range(runs)))
print(time.perf_counter() - begun)
"""


def timed(command):
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def clear_queue():
    subprocess.run(["scancel", "--user=root"], check=True)
    while subprocess.run(["squeue", "-h"], capture_output=True, text=True, check=True).stdout.strip():
        time.sleep(0.5)


def files(folder):
    return sum(1 for path in pathlib.Path(folder).rglob("*") if path.is_file())


def ours(folder, runs):
    sweep = pathlib.Path(folder) / "bench.toml"
    sweep.write_text(SWEEP.format(seeds=runs // 5))
    seconds = timed([SEEDBED, "submit", sweep])
    return seconds, sweep


def summary(name, seconds):
    return f"{name}: median {statistics.median(seconds):.3f} s (min {min(seconds):.3f}, max {max(seconds):.3f})"


def main():
    subprocess.run(["scontrol", "update", "PartitionName=low", "State=DOWN"], check=True)
    root = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        venv.create(root / "venv", with_pip=True)
        python = root / "venv/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", SUBMITIT], check=True)
        (root / "peer.py").write_text(PEER)
        ours_seconds, peer_seconds = [], []
        for turn in range(ROUNDS):
            folder = root / f"ours-{turn}"
            folder.mkdir()
            seconds, _ = ours(folder, RUNS)
            ours_seconds.append(seconds)
            our_files = files(folder / "sweeps/bench/arrays")
            clear_queue()
            folder = root / f"peer-{turn}"
            output = subprocess.run([python, root / "peer.py", folder, str(RUNS)], check=True, capture_output=True, text=True)
            peer_seconds.append(float(output.stdout.split()[-1]))
            peer_files = files(folder)
            clear_queue()
        print(f"submitting {RUNS} runs, {ROUNDS} turns each")
        print(" ", summary("seedbed submit", ours_seconds), f"{our_files} files")
        print(" ", summary(SUBMITIT, peer_seconds), f"{peer_files} files")
        print(f"  ratio of medians: {statistics.median(peer_seconds) / statistics.median(ours_seconds):.1f}")
        folder = root / "status"
        folder.mkdir()
        _, sweep = ours(folder, 9500)
        squeue = ["squeue", "--array", "--states=all", "--user=root", "--format=%i|%T|%r|%V|%S|%M|%l|%N|%u|%j|%P"]
        status, slurm = [], []
        for _ in range(ROUNDS):
            status.append(timed([SEEDBED, "status", sweep]))
            slurm.append(timed(squeue))
        print("status of 9,500 runs in the queue (MaxJobCount is 10,000)")
        print(" ", summary("seedbed status", status))
        print(" ", summary("squeue alone", slurm))
        print(f"  of our own: {1e3 * (statistics.median(status) - statistics.median(slurm)):.0f} ms")
        clear_queue()
    finally:
        subprocess.run(["scancel", "--user=root"], check=False)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
