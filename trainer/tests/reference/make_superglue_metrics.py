"""Metrics of random predictions, for tests/superglue_metrics.rs.

Run with scikit-learn 1.9: python make_superglue_metrics.py > superglue_metrics.json

Accuracy, F1 and Matthews correlation are scikit-learn's. MultiRC's exact match, gender parity and ReCoRD's metrics have no
function there and follow their definitions: a question counts if all of its answers are judged rightly; a pair counts if both
predictions are the same; texts are compared as SQuAD's evaluation does it (lower case, no ASCII punctuation, no articles, single
spaces), the best over the right answers.
"""

import json
import random
import re
import string
from collections import Counter, defaultdict

from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

WORDS = ["the", "The", "a", "an", "Anna", "cat", "cat's", "U.S.", "x-ray", "über", "the–end", "Bob", "theory", "@home", "…", "1,000"]


def classification(rng, classes, count, skew):
    weights = [skew ** index for index in range(classes)]
    gold = rng.choices(range(classes), weights, k=count)
    predicted = [g if rng.random() < 0.4 else rng.randrange(classes) for g in gold]
    return gold, predicted


def scores(gold, predicted, classes):
    found = {
        "accuracy": accuracy_score(gold, predicted),
        "macro-f1": f1_score(gold, predicted, average="macro", zero_division=0),
    }
    if classes == 2:
        found["f1"] = f1_score(gold, predicted, zero_division=0)
        found["matthews"] = matthews_corrcoef(gold, predicted)
    return found


def normalised(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def word_f1(predicted, right):
    predicted, right = normalised(predicted), normalised(right)
    common = sum((Counter(predicted) & Counter(right)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(right)
    return 2 * precision * recall / (precision + recall)


def main():
    rng = random.Random(20261127)
    cases = {"classification": [], "families": [], "texts": []}
    for classes, count, skew in [(2, 277, 1.0), (2, 104, 0.5), (3, 56, 0.4), (2, 12, 0.1), (3, 5, 0.2), (2, 1104, 0.7)]:
        gold, predicted = classification(rng, classes, count, skew)
        cases["classification"].append(
            {"gold": gold, "predicted": predicted, "classes": classes, "scores": scores(gold, predicted, classes)}
        )
    for predicted in ([0] * 6, [1] * 6):
        gold = [0, 1, 1, 0, 1, 0]
        cases["classification"].append(
            {"gold": gold, "predicted": predicted, "classes": 2, "scores": scores(gold, predicted, 2)}
        )
    for count, size in [(80, 5), (178, 2), (40, 2)]:
        families, gold, predicted = [], [], []
        for family in range(count):
            items = size if size == 2 else rng.randrange(1, size + 3)
            families += [f"{family}"] * items
            gold += [rng.randrange(2) for _ in range(items)]
        predicted = [g if rng.random() < 0.8 else 1 - g for g in gold]
        order = list(range(len(gold)))
        rng.shuffle(order)
        families, gold, predicted = ([column[index] for index in order] for column in (families, gold, predicted))
        whole, classes = defaultdict(lambda: True), defaultdict(list)
        for family, g, p in zip(families, gold, predicted):
            whole[family] &= g == p
            classes[family].append(p)
        case = {"families": families, "gold": gold, "predicted": predicted, "exact-match": sum(whole.values()) / len(whole)}
        if size == 2:
            case["parity"] = sum(one == two for one, two in classes.values()) / len(classes)
        cases["families"].append(case)
    for _ in range(200):
        text = lambda: rng.choice([" ", "  "]).join(rng.choice(WORDS) for _ in range(rng.randrange(1, 5)))
        answers = [text() for _ in range(rng.randrange(1, 4))]
        predicted = rng.choice(answers).upper() if rng.random() < 0.2 else text()
        cases["texts"].append(
            {
                "predicted": predicted,
                "answers": answers,
                "f1": max(word_f1(predicted, answer) for answer in answers),
                "exact-match": float(any(normalised(predicted) == normalised(answer) for answer in answers)),
            }
        )
    json.dump(cases, __import__("sys").stdout, ensure_ascii=False)
    print()


main()
