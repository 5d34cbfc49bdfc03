"""Submitting and asking, beside submitit, on one cluster.

    cargo cluster --max-array-size 20001 -- python3 tests/slurm/benchmark/submission.py

Both put the same number of array tasks into the queue of a partition that is down, so that nothing starts and only the
submission is measured; they take turns, and the jobs are cancelled in between. submitit comes pinned into a throwaway virtual
environment. What is timed is the whole command for Seedbed, and for submitit the call in a Python that has been started
already; and of both once more what is their own, without the commands of Slurm that they call: those go by way of a shell
script that notes how long they take, and whose own milliseconds are counted against the caller. `status` is asked of 10,000 runs in the queue, and squeue alone, as Seedbed calls it, beside it.

On two cores, 2026-11-27, release 22.05: seedbed submit 0.043 s and two files, submitit 0.49 s (0.48 to 0.55; on a busier file
system up to 3 s) and 5,002 files, 11 times; without Slurm's commands 0.030 s and 0.49 s, 16 times. `status` of 9,500 queued
runs 0.084 s, of which squeue alone takes 0.019 s; of 10,000 ended ones 0.092 s (status.py).
"""

import os
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


STAND_IN = """#!/bin/bash
begun=${{EPOCHREALTIME/./}}
{real} "$@"
code=$?
echo $((${{EPOCHREALTIME/./}} - begun)) >> {log}
exit $code
"""


class Slurm:
    """Slurm's commands, behind scripts that note how long each takes."""

    def __init__(self, folder):
        self.log = folder / "microseconds"
        programs = folder / "programs"
        programs.mkdir(parents=True)
        for name in ["sbatch", "squeue", "sacct", "scontrol", "sinfo"]:
            script = programs / name
            script.write_text(STAND_IN.format(real=shutil.which(name), log=self.log))
            script.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

        self.start = self.cost_of_a_script(programs / "true")

    def cost_of_a_script(self, script):
        """Seconds that a script itself adds to its command, of which neither side is to blame."""
        script.write_text(STAND_IN.format(real=shutil.which("true"), log=self.log))
        script.chmod(0o755)
        with_script = statistics.median(timed([script]) - self.noted()[0] for _ in range(50))
        return max(0.0, with_script - statistics.median(timed([shutil.which("true")]) for _ in range(50)))

    def noted(self):
        """What the commands took since the last question, in seconds."""
        microseconds = [int(line) for line in self.log.read_text().split()]
        self.log.unlink()
        return [count / 1e6 for count in microseconds]

    def seconds(self):
        """What the commands and the scripts around them took since the last question."""
        noted = self.noted()
        return sum(noted) + len(noted) * self.start


def timed(command, environment=None):
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun


def clear_queue():
    subprocess.run(["scancel", "--user=root"], check=True)
    while subprocess.run(["squeue", "-h"], capture_output=True, text=True, check=True).stdout.strip():
        time.sleep(0.5)


def files(folder):
    return sum(1 for path in pathlib.Path(folder).rglob("*") if path.is_file())


def ours(folder, runs, environment=None):
    folder.mkdir()
    sweep = folder / "bench.toml"
    sweep.write_text(SWEEP.format(seeds=runs // 5))
    seconds = timed([SEEDBED, "submit", sweep], environment)
    return seconds, sweep


def theirs(python, root, folder, runs, environment=None):
    command = [python, root / "peer.py", folder, str(runs)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(output.stdout.split()[-1])


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
        ours_seconds, peer_seconds, ours_own, peer_own = [], [], [], []
        slurm = Slurm(root / "slurm")
        for turn in range(ROUNDS):
            folder = root / f"ours-{turn}"
            ours_seconds.append(ours(folder, RUNS)[0])
            our_files = files(folder / "sweeps/bench/arrays")
            clear_queue()
            ours_own.append(ours(root / f"ours-own-{turn}", RUNS, slurm.environment)[0] - slurm.seconds())
            clear_queue()
            folder = root / f"peer-{turn}"
            peer_seconds.append(theirs(python, root, folder, RUNS))
            peer_files = files(folder)
            clear_queue()
            own = theirs(python, root, root / f"peer-own-{turn}", RUNS, slurm.environment)
            peer_own.append(own - slurm.seconds())
            clear_queue()
        print(f"submitting {RUNS} runs, {ROUNDS} turns each")
        print(" ", summary("seedbed submit", ours_seconds), f"{our_files} files")
        print(" ", summary(SUBMITIT, peer_seconds), f"{peer_files} files")
        print(f"  ratio of medians: {statistics.median(peer_seconds) / statistics.median(ours_seconds):.1f}")
        print("without the commands of Slurm")
        print(" ", summary("seedbed submit", ours_own))
        print(" ", summary(SUBMITIT, peer_own))
        print(f"  ratio of medians: {statistics.median(peer_own) / statistics.median(ours_own):.1f}")
        _, sweep = ours(root / "status", 9500)
        squeue = ["squeue", "--array", "--states=all", "--user=root", "--format=%i|%T|%r|%V|%S|%M|%l|%N|%u|%j|%P"]
        status, alone = [], []
        for _ in range(ROUNDS):
            status.append(timed([SEEDBED, "status", sweep]))
            alone.append(timed(squeue))
        print("status of 9,500 runs in the queue (MaxJobCount is 10,000)")
        print(" ", summary("seedbed status", status))
        print(" ", summary("squeue alone", alone))
        print(f"  of our own: {1e3 * (statistics.median(status) - statistics.median(alone)):.0f} ms")
        clear_queue()
    finally:
        subprocess.run(["scancel", "--user=root"], check=False)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
