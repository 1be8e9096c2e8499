"""The figures of ``frontdesk report``: shares and costs from counts, and what each of them means."""

from __future__ import annotations

from dataclasses import dataclass

from frontdesk.store.outcomes import Outcomes

#: One line each, shown by --explain and compared with docs/report.md by a test.
DEFINITIONS = {
    "involvement": "conversations in which the agent replied at least once, of all that customers began in the"
    " period (Intercom: Fin AI Agent involvement rate).",
    "resolution": "of those whose 7 days are over: ended with an answer or an executed action, no handoff, no ticket,"
    " and the customer did not write again within 7 days, here or in a new conversation (stricter than Intercom's"
    " resolution, which counts after 24 hours, and Zendesk's automated resolution, after 72).",
    "automation": "involvement × resolution (Intercom: Fin AI Agent automation rate).",
    "not_yet_known": "ended less than 7 days ago and nothing speaks against it yet; counted as nothing until then.",
    "ended_without_an_answer": "the last question was not answered, was refused or failed, or a button was never"
    " pressed; a greeting or thanks alone is no answer.",
    "handed_off": "given to a person, by the agent with a reason, or by a person who came in (taken over).",
    "answered_with_a_citation": "of the turns that looked into the help center: those answered with a source.",
    "without_a_paid_model": "of the agent's turns: those that the local model answered and no other was asked for.",
    "thumbs_up": "of the conversations that their customers rated: those rated up; a later rating replaces the first.",
    "cost_per_resolved": "US dollars of list price for all conversations whose 7 days are over, resolved or not,"
    " divided by the resolved ones; 'at least' where the price of a model is not known.",
    "time_to_reply": "from a message's arrival to its reply, all waiting included: median and 95th percentile.",
    "actions": "what was put before customers (proposed), agreed to or not by them (confirmed, declined), allowed or not"
    " by staff where that was needed (approved, refused), done (executed), taken back (undone)."
    " What needs nobody's yes is executed without being proposed.",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares between 0 and 1, and US dollars; None where there is nothing to divide by.

    settled  conversations with the agent whose 7 days are over
    at_most  what resolution comes to if all that is not yet known turns out well
    """

    conversations: int
    involved: int
    settled: int
    not_yet_known: int
    involvement: float | None
    resolution: float | None
    at_most: float | None
    automation: float | None
    cited: float | None
    unpaid: float | None
    thumbs_up: float | None
    cost_per_resolved: float | None
    cost_is_least: bool


def figures(counted: Outcomes) -> Figures:
    """The figures of a period."""
    everything = sum(counted.became.values())
    involved = everything - counted.became.get("without", 0) - counted.became.get("waiting", 0)
    settled = (
        sum(counted.settled.values()) - counted.settled.get("without", 0) - counted.settled.get("waiting", 0)
    )
    resolved, young = counted.settled.get("resolved", 0), counted.became.get("not_yet_known", 0)
    involvement, resolution = _share(involved, everything), _share(resolved, settled)
    return Figures(
        conversations=everything,
        involved=involved,
        settled=settled,
        not_yet_known=young,
        involvement=involvement,
        resolution=resolution,
        at_most=_share(resolved + young, involved),
        automation=None if involvement is None or resolution is None else involvement * resolution,
        cited=_share(counted.cited, counted.searched),
        unpaid=_share(counted.unpaid, counted.turns),
        thumbs_up=_share(counted.thumbs["up"], sum(counted.thumbs.values())),
        cost_per_resolved=counted.settled_cost / resolved if resolved else None,
        cost_is_least=counted.settled_unpriced > 0,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
