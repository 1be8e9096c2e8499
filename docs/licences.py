"""Writes docs/licences.md from what requirements/run.lock installs: ``python -m docs.licences``. A test compares."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements" / "run.lock"
HEAD = """# Licences

What `make run` installs, at the versions of `requirements/run.lock`, and the licence that each package states. A test
refuses one that is not known to let Frontdesk be used as it is (LGPL libraries are used unmodified). Written by `python -m docs.licences`; `make audit` looks for known
vulnerabilities. The widget's parts have theirs in `src/frontdesk/web/static/widget/licenses.txt`; the embedding
model's stands in NOTICE.

| package | version | licence |
|---|---|---|
"""
CLASSIFIER = "License :: OSI Approved :: "


def packages() -> list[Distribution]:
    """The locked packages that are installed here; those of other systems are not."""
    names = re.findall(r"^([a-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    found: list[Distribution] = []
    for name in names:
        try:
            found.append(distribution(name))
        except PackageNotFoundError:
            continue
    return found


def licence(package: Distribution) -> str:
    """In a word: its SPDX expression, else its classifiers, else the first line of what it says."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return expression
    classifiers = [
        c.removeprefix(CLASSIFIER) for c in told.get_all("Classifier", []) if c.startswith(CLASSIFIER)
    ]
    said = (told.get("License") or "").strip().partition("\n")[0]
    return " / ".join(classifiers) or said


def text() -> str:
    """The whole page."""
    rows = [f"| {p.metadata['Name']} | {p.version} | {licence(p)} |" for p in packages()]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(text(), encoding="utf-8")
