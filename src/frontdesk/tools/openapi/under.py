"""What lies under a proved record: each further id in a path must stand in that record, or in a list that is proved."""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.arguments import LeftOut, choices
from frontdesk.tools.openapi.decision import Before, Decision, braces
from frontdesk.tools.openapi.identity import IDS
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.operations import Parameter
from frontdesk.tools.openapi.parts import parts_of
from frontdesk.tools.sql.declared import singular

__all__ = ["bare", "given", "under"]


def under(
    made: Decision, parent: Decision, reads: Mapping[str, Decision], parts: Mapping[str, str]
) -> list[Before]:
    """What is read first by an operation under ``parent``, whose further arguments ``parts`` must be parts of it.

    ``reads`` are proved reads by their path with empty braces. Raises LeftOut for an id in the path that nothing proves.
    """
    in_parent = dict(parts)
    listed: list[Before] = []
    path = made.operation.path
    proved = len(braces(parent.operation.path))
    at = {
        parameter.name: (name, parameter) for name, parameter in made.arguments if parameter.where == "path"
    }
    for place in braces(path)[proved:]:
        name, parameter = at[place]
        if choices(parameter.schema):
            continue
        above = path.partition(f"/{{{place}}}")[0]
        thing = _thing(parameter, above)
        if parts_of(parent.shown.shape, thing):
            in_parent[name] = thing
            continue
        lister = reads.get(bare(above))
        if lister is None or not parts_of(lister.shown.shape, thing):
            raise LeftOut(f"nothing proves that {place!r} lies under what is the customer's")
        listed.append(Before(lister, given(made, lister), {name: thing}))
    return [Before(parent, given(made, parent), in_parent), *listed]


def given(made: Decision, first: Decision) -> dict[str, str]:
    """Which arguments of ``made`` fill in those in the path of ``first``, which begins as its own does."""
    named = {parameter.name: name for name, parameter in made.arguments if parameter.where == "path"}
    by_place = dict(zip(braces(first.operation.path), braces(made.operation.path), strict=False))
    return {name: named[by_place[p.name]] for name, p in first.arguments if p.where == "path"}


def bare(path: str) -> str:
    """A path with its braces empty: ``/orders/{}``."""
    for name in braces(path):
        path = path.replace(f"{{{name}}}", "{}", 1)
    return path


def _thing(parameter: Parameter, above: str) -> str:
    """What a part is called: ``line`` for ``line_id``, and for ``/lines/{id}``."""
    said = words_of(parameter.name)
    named = said[:-1] if said[-1:] and said[-1] in IDS else said
    return "_".join(named) or singular(noun(above))
