"""The OpenAPI document: schemathesis reads it and asks everything it allows, and some of what it doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from frontdesk.testing import temporary_url
from tests.process import AUTH, Server
from tests.web.service import FUZZ

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
LEFT_OUT = [
    "/support/conversations/{conversation_id}/events",  # an endless stream
    "/support/helpdesks/{name}/webhook",  # answers a helpdesk by its signature, whatever the body is
    "/support/knowledge/sync",  # 503 where a desk has no help center: honest, and a failure to schemathesis
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server(temporary_url())
    yield running
    running.kill()


asked = settings(
    max_examples=max(1, FUZZ // 100), deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def test_what_the_document_allows_is_answered_as_it_says(server: Server) -> None:
    document = schemathesis.openapi.from_url(f"{server.url}/openapi.json").exclude(path=LEFT_OUT)
    wrong: list[str] = []
    operations = [found.ok() for found in document.get_all_operations()]
    for operation in operations:
        try:
            _ask(operation)
        except BaseExceptionGroup as found:
            wrong += [f"{operation.label}: {each}" for each in found.exceptions]
    assert wrong == []
    assert len(operations) > 25


def _ask(operation: Any) -> None:
    @asked
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(headers=AUTH, timeout=30)
        case.validate_response(answer, checks=CHECKS)

    ask()
