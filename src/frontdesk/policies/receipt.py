"""An answer's receipt: which source each detail of a reply is bound to. It asks the output gate itself, so the two
cannot disagree: a detail is what the gate would miss without any source, and is bound to the first with which it does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.domain import Json
from frontdesk.policies.grounding import unsupported

MOST = 40  # details in one receipt


def receipt(reply: str, sources: Sequence[tuple[str, str]], said: Sequence[str]) -> list[Json]:
    """``[{"detail": "24.95", "source": "get_refunds"}]``; ``sources`` are (label, text), the likeliest first.

    Amounts, dates, deadlines, numbers, statuses and links are details. What only the customer has said is bound to
    "customer"; a detail that several sources support only together is bound to "together".
    """
    bound: list[Json] = []
    for line in filter(
        None, reply.split("\n")
    ):  # not each sentence: the gate's time goes by how often it is asked
        left = unsupported(line, [])
        for label, text in sources:
            if not left:
                break
            missing = set(unsupported(line, [text]))
            bound += [{"detail": detail, "source": label} for detail in left if detail not in missing]
            left = [detail for detail in left if detail in missing]
        unsaid = set(unsupported(line, [], said)) if left else set[str]()
        bound += [{"detail": d, "source": "together" if d in unsaid else "customer"} for d in left]
    return bound[:MOST]
