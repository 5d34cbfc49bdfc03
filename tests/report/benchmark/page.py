"""Times the report of a study with very many arms, and how long a browser takes to show it.

    python tests/report/benchmark/page.py target/release/seedbed FOLDER [ARMS ...]

Writes tables of so many arms with five seeds each to FOLDER, lets `seedbed report` make each page three times, and opens it three
times in a headless Chromium, over its own pipe: what is told is the best of each. Needs numpy and chromium.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

SHOWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


class Browser:
    """One page of a Chromium: messages end with a zero byte."""

    def __init__(self):
        flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --remote-debugging-pipe"
        command = f'exec chromium {flags} --user-data-dir="$0" about:blank 3<&0 4>&1 1>/dev/null 2>&1'
        self.process = subprocess.Popen(["sh", "-c", command, tempfile.mkdtemp()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.count, self.rest, self.session = 0, b"", None
        target = self.order("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.order("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.order("Page.enable")

    def message(self):
        while b"\0" not in self.rest:
            self.rest += os.read(self.process.stdout.fileno(), 1 << 20)
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def order(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters} | ({"sessionId": self.session} if self.session else {})
        os.write(self.process.stdin.fileno(), json.dumps(message).encode() + b"\0")
        while (answer := self.message()).get("id") != self.count:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def seconds(self, page):
        """From the order to open a page until it has been painted."""
        self.order("Page.navigate", url=f"file://{os.path.abspath(page)}")
        while self.message().get("method") != "Page.loadEventFired":
            pass
        found = self.order("Runtime.evaluate", expression=SHOWN, awaitPromise=True, returnByValue=True)
        return found["result"]["value"] / 1000


def write(path, arms):
    import numpy as np
    random = np.random.default_rng(1)
    with open(path, "w") as file:
        file.write("arm,seed,metric,value\n")
        for arm in range(arms):
            for seed, noise in enumerate(random.normal(size=5)):
                file.write(f"arm-{arm:03d},{seed},accuracy,{0.7 + 0.0001 * arm + 0.01 * noise:.5f}\n")


def main():
    seedbed, folder = sys.argv[1:3]
    browser = Browser()
    for arms in [int(text) for text in sys.argv[3:]] or [8, 50, 200]:
        table, out = (os.path.join(folder, f"arms-{arms}{end}") for end in [".csv", ""])
        write(table, arms)
        command = [seedbed, "report", table, "--metric", "accuracy=higher", "--baseline", "arm-000", "--out", out]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        page = os.path.join(out, "index.html")
        opened = min(browser.seconds(page) for _ in range(3))
        print(f"{arms:>4} arms  written in {min(times):.3f} s  page {os.path.getsize(page) / 1024:.0f} KiB  opened in {opened:.3f} s", flush=True)
    browser.process.kill()


main()
