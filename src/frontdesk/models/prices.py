"""What a call cost, where the model's list price is known.

US dollars per million tokens: input, cached input, output. Read 2026-11-23.
OpenAI: developers.openai.com/api/docs/pricing, as quoted by github.com/CommitBrief/commitbrief/wiki/Provider-OpenAI
(gpt-4o, 2026-05-27) and docs.rs/adk-model (gpt-5.4 and the cached share of each family, March 2026).
Anthropic: platform.claude.com/docs/about-claude/models and docs.rs/synaps/0.10.2 (cache reads, 2026-10-10);
Haiku 5.5 is the price of prompts up to 100,000 tokens, far above what a window holds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from langchain_core.messages.ai import UsageMetadata


class Price(NamedTuple):
    """US dollars per million tokens."""

    given: float
    cached: float
    written: float


PRICES = {
    "gpt-4o": Price(2.50, 1.25, 10.00),
    "gpt-4o-mini": Price(0.15, 0.075, 0.60),
    "gpt-5.4": Price(2.50, 0.25, 15.00),
    "gpt-5.4-mini": Price(0.75, 0.075, 4.50),
    "claude-opus-5-5": Price(4.00, 0.20, 20.00),
    "claude-sonnet-5-5": Price(2.00, 0.10, 10.00),
    "claude-haiku-5-5": Price(0.10, 0.01, 0.50),
    "claude-haiku-4-5": Price(1.00, 0.10, 5.00),
    "local": Price(0.0, 0.0, 0.0),
}
SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")


def cost(name: str, usage: UsageMetadata | None) -> float | None:
    """US dollars for one call of ``name`` ("openai:gpt-4o-mini"); None where price or usage is unknown."""
    price = PRICES.get(SNAPSHOT.sub("", name.rpartition(":")[2]))
    if price is PRICES["local"]:
        return 0.0
    if price is None or usage is None:
        return None
    cached = usage.get("input_token_details", {}).get("cache_read", 0)
    fresh = usage["input_tokens"] - cached
    total = fresh * price.given + cached * price.cached + usage["output_tokens"] * price.written
    return total / 1_000_000
