"""Whether other programs read what `seedbed report` writes, on tables that are odd in some way.

    python tests/report/live/forms.py target/release/seedbed [FOLDER]

Of each table the JSON is held against its schema (and has no NaN), the Markdown is rendered and every row of its tables must come out
as one, the page must ask for nothing from elsewhere, and the LaTeX is compiled where there is a pdflatex. Tables that are to be
refused must end with the code that the documentation gives. Ends with 1 and lists what is wrong. Needs jsonschema and markdown-it-py.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
from markdown_it import MarkdownIt

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "..", "..", "..", "analysis", "docs", "report.schema.json")
ARM = ["--factors", "arm", "--metric", "acc=higher", "--baseline", "arm=a"]
BOTH = ["--factors", "arch,arm", "--metric", "acc=higher", "--baseline", "arm=a"]
DRAW = random.Random(2026)


def draw(*_):
    return f"{DRAW.gauss(0.7, 0.02):.4f}"


def one(arms="abc", seeds=range(5), value=draw, head="arm,seed,acc", between=","):
    rows = [head.replace(",", between)]
    for arm in arms:
        rows += [between.join([f'"{arm}"', str(seed), str(cell)]) for seed in seeds if (cell := value(arm, seed)) is not None]
    return "\n".join(rows) + "\n"


def two(arms="abc", seeds=range(5), value=draw):
    rows = ["arch,arm,seed,acc"]
    for arch in "xy":
        for arm in arms:
            rows += [f"{arch},{arm},{seed},{cell}" for seed in seeds if (cell := value(arch + arm, seed)) is not None]
    return "\n".join(rows) + "\n"


# By name: the table, the options, and the code with which it must end.
TABLES = {
    "one seed": (one(seeds=[1]), ARM, 0),
    "two seeds": (two(seeds=[1, 2]), BOTH, 0),
    "one arm": (one("a"), ARM, 0),
    "one value": (one("a", [1]), ARM, 0),
    "constants": (two(value=lambda *_: 0.5), BOTH, 0),
    "constant differences": (one(value=lambda arm, seed: seed / 10 + (arm == "b") / 10), ARM, 0),
    "zeros of either sign": (one(value=lambda arm, _: "-0.0" if arm == "a" else "0"), ARM, 0),
    "huge": (one(value=lambda *_: f"{DRAW.gauss(1, 0.1)}e70"), ARM, 0),
    "tiny": (one(value=lambda *_: f"{DRAW.gauss(1, 0.1)}e-300"), ARM, 0),
    "beyond": (one(value=lambda _, seed: f"1e{75 + seed}"), ARM, 0),
    "small differences of large values": (two(seeds=range(10), value=lambda *_: 1e9 + DRAW.gauss(0, 0.01)), BOTH, 0),
    "not numbers": (one(value=lambda arm, seed: ["NaN", "inf", "-Infinity", "nan"][seed % 4] if arm == "b" else draw()), ARM, 0),
    "all diverged": (one(value=lambda *_: "nan"), ARM, 0),
    "no seed in common": (one(seeds=range(9), value=lambda arm, seed: draw() if "abc".index(arm) == seed // 3 else None), ARM, 0),
    "nested seeds, unpaired": (one(seeds=range(9), value=lambda arm, seed: draw() if "abc".index(arm) == seed // 3 else None),
                               [*ARM, "--unpaired"], 0),
    "unequal": (one(seeds=range(12), value=lambda arm, seed: draw() if seed < {"a": 12, "b": 5, "c": 3}[arm] else None), ARM, 0),
    "zero and one": (one(seeds=range(12), value=lambda *_: DRAW.randint(0, 1)), ARM, 0),
    "a margin": (two(seeds=range(12)), [*BOTH, "--margin", "0.05", "--question", "q: b/a, c/a"], 0),
    "logarithms": (one(), [*ARM, "--log"], 0),
    "no baseline in a stratum": (two(value=lambda place, _: draw() if place != "ya" else None), BOTH, 0),
    "a level in one stratum": (two("abcd", value=lambda place, _: draw() if place != "yd" else None), BOTH, 0),
    "two baselines": (two(), [*BOTH, "--baseline", "arch=x"], 0),
    "confounded": (two("ab", value=lambda place, _: draw() if place in ("xa", "yb") else None), BOTH, 0),
    "fifty arms": (one(["a", *[f"arm {number}" for number in range(49)]]), ARM, 0),
    "names": (one(["a", "<b>|`*_#", "100 % & $x_1$ {~^}\\", "日本語 αβ", "line\nbreak", "b" * 300, "-1", "a, b; c"]), ARM, 0),
    "semicolons": (one(between=";"), ARM, 0),
    "a mark and line ends of Windows": ("\ufeff" + one().replace("\n", "\r\n"), ARM, 0),
    "ten thousand columns": (one(head="arm,seed,acc," + ",".join(f"m{number}" for number in range(9997)),
                                 value=lambda *_: ",".join(["0.5"] * 9998)), ARM, 0),
    "percent": (one(value=lambda *_: "70.1%"), ARM, 65),
    "words": (one(value=lambda *_: "good"), ARM, 65),
    "duplicates": (one(seeds=[1, 2, 2]), ARM, 65),
    "duplicates averaged": (one(seeds=[1, 2, 3, 3]), [*ARM, "--duplicates", "mean"], 0),
    "seeds in two spellings": (one(seeds=["01", "1"]), ARM, 65),
    "a short row": (one() + "a,9\n", ARM, 65),
    "no rows": ("arm,seed,acc\n", ARM, 65),
    "nothing": ("", ARM, 65),
    "an unknown metric": (one(), ["--factors", "arm", "--metric", "acx=higher", "--baseline", "a"], 2),
    "an unknown baseline": (one(["gelu", "relu"]), ["--factors", "arm", "--metric", "acc=higher", "--baseline", "gellu"], 2),
    "logarithm of nothing": (one(value=lambda _, seed: seed), [*ARM, "--log"], 65),
}


def wrong_json(folder, validator):
    def refuse(constant):
        raise ValueError(f"{constant} in report.json")
    with open(os.path.join(folder, "report.json")) as file:
        report = json.load(file, parse_constant=refuse)
    return [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(report)]


def wrong_markdown(folder, _):
    with open(os.path.join(folder, "report.md")) as file:
        text = file.read()
    page = MarkdownIt("commonmark").enable("table").render(text)
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| --- ")]
    left = [line for line in re.sub(r"<[^>]+>", "", page).splitlines() if line.startswith("|")]
    return [f"{page.count('<tr>')} rows of {len(rows)}, {left[:2]}"] if page.count("<tr>") != len(rows) or left else []


def wrong_page(folder, _):
    with open(os.path.join(folder, "index.html")) as file:
        # Links to the files beside it are no requests.
        return re.findall(r'src=[^ >]*|href="(?:\w+:|//)[^"]*"|@import[^;]*|url\((?!#)[^)]*\)', file.read())


def wrong_latex(folder, _):
    if not shutil.which("pdflatex"):
        return []
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    return [line for line in done.stdout.splitlines() if line.startswith("!")] if done.returncode else []


def main():
    seedbed = os.path.abspath(sys.argv[1])
    with open(SCHEMA) as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    looks, wrong = {"JSON": wrong_json, "Markdown": wrong_markdown, "page": wrong_page, "LaTeX": wrong_latex}, []
    with tempfile.TemporaryDirectory() as temporary:
        for name, (text, options, code) in TABLES.items():
            folder = os.path.join(sys.argv[2] if len(sys.argv) > 2 else temporary, name.replace(" ", "-"))
            table = os.path.join(temporary, "table.csv")
            with open(table, "w", newline="") as file:
                file.write(text)
            done = subprocess.run([seedbed, "report", table, *options, "--out", folder], capture_output=True, text=True)
            if done.returncode != code:
                wrong.append(f"{name}: ended with {done.returncode}, not {code}: {done.stderr}")
            elif code == 0:
                wrong += [f"{name}: {form}: {line}" for form, look in looks.items() for line in look(folder, validator)]
            elif not done.stderr.startswith("error: ") or len(done.stderr) > 400:
                wrong.append(f"{name}: {done.stderr}")
    latex = "" if shutil.which("pdflatex") else ", LaTeX not compiled: there is no pdflatex"
    print("\n".join(wrong + [f"{len(TABLES)} tables, {len(wrong)} wrong{latex}"]))
    sys.exit(1 if wrong else 0)


main()
