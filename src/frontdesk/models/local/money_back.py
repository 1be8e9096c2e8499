"""What became of a refund where none is on record: the return it would come from, or an action that waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from frontdesk.models.local import acted, context
from frontdesk.models.local.catalog import Catalog
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.examples import REFUNDS, RETURNS
from frontdesk.models.local.fill import CALL, Filler


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool call that the local model proposes."""

    tool: str
    arguments: dict[str, Any]


class Money:
    """Refunds that a dialogue, its message in English, looked for and did not find."""

    def __init__(self, dialogue: Dialogue, catalog: Catalog) -> None:
        self.dialogue = dialogue
        self.catalog = catalog

    def of_a_return(self, done: set[str]) -> list[Wish]:
        """No refund on record: the return that it would come from may say what it comes to and how far it is."""
        refunds, returns = (self.catalog.roles.get(role) for role in (REFUNDS, RETURNS))
        call = next(
            (c for c in self.dialogue.calls if refunds and c.tool == refunds.name and not c.error), None
        )
        if call is None or returns is None or returns.name in done or context.rows(call):
            return []
        found = Filler(self.dialogue, self.catalog)
        own = returns.id_parameter
        given = {own.name: call.arguments[own.name]} if own and call.arguments.get(own.name) else {}
        part = found.filled(returns, "", given)
        return [Wish(returns.name, part.arguments)] if part.kind == CALL else []

    def none_found(self) -> bool:
        """Whether money was looked for in this turn, and none was found."""
        return any(map(self._no_money, self.dialogue.calls))

    def with_what_waits(self, calls: Sequence[Call]) -> list[Call]:
        """What became of a refund in the place of "there is none"; without one, nothing of other changes."""
        if not any(map(self._no_money, calls)):
            return [*calls]
        shown = [
            replace(call, result={"actions": acted.of_money(call.result)})
            for call in calls
            if call.tool == "list_actions"
        ]
        others = [call for call in calls if call.tool != "list_actions"]
        if any(call.result["actions"] for call in shown):
            return [call for call in others if not self._no_money(call)] + shown
        return others

    def _no_money(self, call: Call) -> bool:
        """A look for refunds or returns that found none."""
        roles = [self.catalog.roles.get(role) for role in (REFUNDS, RETURNS)]
        return not call.error and not context.rows(call) and any(r and r.name == call.tool for r in roles)
