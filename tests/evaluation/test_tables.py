"""pass^k and the figures of a group."""

import pytest

from frontdesk.evaluation.tables import figures, groups, models, percentile
from tests.evaluation.results import result


def of(name: str, passed: str) -> list:
    return [result(name, n, passed=mark == "+") for n, mark in enumerate(passed, 1)]


def test_pass_hat_k_is_the_chance_that_k_runs_of_a_scenario_all_pass() -> None:
    found = figures([*of("a/1", "+++-"), *of("a/2", "++++"), *of("a/3", "++--")])
    # C(3,k)/C(4,k), 1 and C(2,k)/C(4,k), averaged: by hand
    assert found.power == pytest.approx(
        [(3 / 4 + 1 + 2 / 4) / 3, (3 / 6 + 1 + 1 / 6) / 3, (1 / 4 + 1) / 3, 1 / 3]
    )
    assert (found.scenarios, found.runs, found.passed) == (3, 12, 9)


def test_it_is_given_as_far_as_every_scenario_was_run() -> None:
    assert len(figures([*of("a/1", "+++"), *of("a/2", "+")]).power) == 1


def test_a_cost_that_is_not_known_is_not_nothing() -> None:
    assert figures([result(cost_usd=0.25), result(run=2, cost_usd=0.5)]).cost_usd == 0.75
    assert figures([result(cost_usd=0.25), result(run=2, cost_usd=None)]).cost_usd is None


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([], 0.5)) == (50.0, 95.0, 0.0)


def test_groups_are_all_plain_hard_kinds_tools_and_languages() -> None:
    some = [
        result("order/one"),
        result("order/two", hard=("typos",)),
        result("refund/one", tools=["refund", "get_order"], locale="de"),
    ]
    assert [(heading, name, len(chosen)) for heading, name, chosen in groups(some)] == [
        ("", "all", 3), ("", "plain", 2), ("", "hard", 1),
        ("kind", "order", 2), ("kind", "refund", 1),
        ("tool", "get_order", 3), ("tool", "refund", 1),
        ("hard by", "typos", 1),
        ("language", "de", 1), ("language", "en", 2),
    ]  # fmt: skip
    assert models(some) == {"local": 3}
