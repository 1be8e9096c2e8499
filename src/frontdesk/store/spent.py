"""What the models of a day have cost, as recorded with each turn, for all replicas."""

from __future__ import annotations

from dataclasses import dataclass

from frontdesk.database import Database

__all__ = ["Spent", "spent_today"]


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and US dollars since midnight UTC: one customer's, and everybody's."""

    customer_tokens: int
    customer_usd: float
    company_tokens: int
    company_usd: float


async def spent_today(database: Database, principal_key: str) -> Spent:
    """What today has cost so far. Raises DatabaseUnavailable."""
    row = await database.call("spent_today", principal_key)
    tokens, usd, all_tokens, all_usd = row or (0, 0, 0, 0)
    return Spent(tokens, float(usd), all_tokens, float(all_usd))
