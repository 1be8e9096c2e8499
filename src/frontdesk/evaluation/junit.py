"""JUnit's XML, as GitHub, GitLab and Jenkins read it: a suite for each kind, a case for each run."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.report import told
from frontdesk.evaluation.run import Run

__all__ = ["suites"]

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def suites(run: Run) -> str:
    """The document. A run that could not be ended is an error, one that was judged wrong a failure."""
    root = ElementTree.Element("testsuites", name=f"{run.desk} with {run.model}", time=f"{run.seconds:.3f}")
    kinds: dict[str, list[Result]] = {}
    for result in sorted(run.results, key=lambda result: (result.name, result.run)):
        kinds.setdefault(result.kind, []).append(result)
    _count(root, run.results)
    for kind, results in kinds.items():
        suite = ElementTree.SubElement(root, "testsuite", name=kind, timestamp=run.started)
        suite.set("time", f"{sum(result.seconds for result in results):.3f}")
        _count(suite, results)
        for result in results:
            _case(suite, result, run.runs)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _count(element: ElementTree.Element, results: list[Result]) -> None:
    element.set("tests", str(len(results)))
    element.set("errors", str(sum(bool(result.error) for result in results)))
    element.set("failures", str(sum(bool(result.findings) for result in results)))


def _case(suite: ElementTree.Element, result: Result, runs: int) -> None:
    name = result.name if runs == 1 else f"{result.name} (run {result.run})"
    case = ElementTree.SubElement(
        suite, "testcase", classname=result.kind, name=name, time=f"{result.seconds:.3f}"
    )
    if result.passed:
        return
    first = result.error or f"{result.findings[0].check}: expected {result.findings[0].expected}"
    wrong = ElementTree.SubElement(
        case, "error" if result.error else "failure", message=NOT_XML.sub("", first)
    )
    wrong.text = NOT_XML.sub("", "\n".join(line.plain for line in told(result)))
