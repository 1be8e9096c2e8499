"""``python -m evals.pii DATA_DIR [--part dev|test] [--presidio PYTHON]``: precision and recall of redaction, by kind.

DATA_DIR holds Presidio-research's synth_dataset_v2.json. The half with even template ids (``dev``) is there to work by,
the other (``test``) to measure by: no sentence's template is in both. ``--presidio`` names a Python that has
presidio-analyzer and en_core_web_sm; the same texts are then judged by a plain AnalyzerEngine too.

A value is found where at least half of its characters are; a find is right where at least half of it is such a value,
of any kind: a telephone number taken for a card is hidden all the same. Of a kind nobody looks for (a person's
name that is not known), nothing is counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from frontdesk.redaction import find

FILE = "synth_dataset_v2.json"
KINDS = {
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "PHONE_NUMBER": "phone",
    "STREET_ADDRESS": "address",
}
PRESIDIO = {"LOCATION": "address", **KINDS}
# What plain Presidio finds beside these (dates, persons, URLs, licences…) is not asked of it here.
ASK_PRESIDIO = """
import json, sys
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
kinds, texts = json.load(sys.stdin)
nlp = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "MODEL"}]}
engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=nlp).create_engine())
engine.analyze("warm", language="en")
found = [[(r.entity_type, r.start, r.end) for r in engine.analyze(t, language="en", entities=kinds)] for t in texts]
json.dump(found, sys.stdout)
"""

Span = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, what is personal in it of the kinds that are looked for, and all that is."""

    text: str
    wanted: list[Span]
    personal: list[Span]


def samples(folder: Path, part: str) -> list[Sample]:
    """One half of the data, by the sentences' templates."""
    rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
    made: list[Sample] = []
    for row in rows:
        if row["template_id"] % 2 != (part == "test"):
            continue
        spans = [(s["entity_type"], s["start_position"], s["end_position"]) for s in row["spans"]]
        wanted = [(KINDS[kind], start, end) for kind, start, end in spans if kind in KINDS]
        # A postcode alone cannot be told from an order's number, and is not looked for.
        wanted = [
            s for s in wanted if s[0] != "address" or not row["full_text"][s[1] : s[2]].strip().isdigit()
        ]
        made.append(Sample(row["full_text"], wanted, spans))
    return made


def _overlap(one: Span, others: Sequence[Span]) -> float:
    """The share of ``one``'s characters that stand in any of the others."""
    covered: set[int] = set()
    for _, start, end in others:
        covered |= set(range(max(one[1], start), min(one[2], end)))
    return len(covered) / max(1, one[2] - one[1])


def judged(data: Sequence[Sample], found: Sequence[Sequence[Span]]) -> dict[str, tuple[int, int, int, int]]:
    """By kind: values, of those found; finds, of those right."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS.values()}
    for sample, finds in zip(data, found, strict=True):
        for span in sample.wanted:
            counts[span[0]]["values"] += 1
            counts[span[0]]["found"] += _overlap(span, finds) >= 0.5
        for span in finds:
            counts[span[0]]["finds"] += 1
            counts[span[0]]["right"] += _overlap(span, sample.personal) >= 0.5
    return {kind: (c["values"], c["found"], c["finds"], c["right"]) for kind, c in counts.items()}


def ours(data: Sequence[Sample]) -> list[list[Span]]:
    """What redaction finds."""
    return [[(f.kind, f.start, f.end) for f in find(sample.text)] for sample in data]


def presidio(python: str, model: str, data: Sequence[Sample]) -> list[list[Span]]:
    """What a plain Presidio finds of the same kinds."""
    asked = json.dumps([list(PRESIDIO), [sample.text for sample in data]])
    done = subprocess.run(
        [python, "-c", ASK_PRESIDIO.replace("MODEL", model)],
        input=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Presidio did not run: {done.stderr.strip().splitlines()[-1]}")
    found = json.loads(done.stdout)
    return [[(PRESIDIO[k], s, e) for k, s, e in spans if k in PRESIDIO] for spans in found]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m evals.pii", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--presidio", default="", metavar="PYTHON")
    parser.add_argument("--model", default="en_core_web_sm", help="Presidio's spaCy model")
    parser.add_argument("--missed", action="store_true", help="show what was missed or wrong (of dev only)")
    given = parser.parse_args()
    data = samples(given.folder, given.part)
    began = time.perf_counter()
    found = ours(data)
    took = (time.perf_counter() - began) / len(data) * 1000
    print(f"{given.part}: {len(data)} texts, {took:.2f} ms each")
    _table("Frontdesk", judged(data, found))
    if given.presidio:
        _table("Presidio", judged(data, presidio(given.presidio, given.model, data)))
    if given.missed and given.part == "dev":
        _show(data, found)


def _table(name: str, figures: dict[str, tuple[int, int, int, int]]) -> None:
    print(f"\n| {name} | values | recall | finds | precision |\n|---|---|---|---|---|")
    for kind, (values, hit, finds, right) in figures.items():
        recall, precision = hit / max(1, values), right / max(1, finds)
        print(f"| {kind} | {values} | {recall:.1%} | {finds} | {precision:.1%} |")


def _show(data: Sequence[Sample], found: Sequence[Sequence[Span]]) -> None:
    for sample, finds in zip(data, found, strict=True):
        for span in sample.wanted:
            if _overlap(span, finds) < 0.5:
                print("missed", span[0], repr(sample.text[max(0, span[1] - 30) : span[2] + 5]))
        for span in finds:
            if _overlap(span, sample.personal) < 0.5:
                print("wrong", span[0], repr(sample.text[max(0, span[1] - 30) : span[2] + 5]))


if __name__ == "__main__":
    main()
