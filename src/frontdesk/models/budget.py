"""Budgets: when a day's tokens or money are used up, no paid model is asked, and the local one answers."""

from __future__ import annotations

from frontdesk.database import Database
from frontdesk.domain import Usage
from frontdesk.errors import DatabaseUnavailable
from frontdesk.settings import Settings
from frontdesk.store.spent import Spent, spent_today

__all__ = ["Budget", "Budgets"]


class Budgets:
    """The day's budgets of one desk, from its settings."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._limits = Spent(
            settings.budget_customer_tokens,
            settings.budget_customer_usd,
            settings.budget_company_tokens,
            settings.budget_company_usd,
        )
        self._any = self._limits != Spent(0, 0, 0, 0)

    def of(self, principal_key: str, usage: Usage) -> Budget:
        """The budget of one turn; ``usage`` is what it has used itself, as it goes on."""
        return Budget(self, principal_key, usage)

    async def before(self, principal_key: str) -> Spent | None:
        """What today had cost when a turn began; None where no budget is set, or nobody can tell."""
        if not self._any:
            return None
        try:
            return await spent_today(self._database, principal_key)
        except (
            DatabaseUnavailable
        ):  # then the turn cannot be finished either; it is not to end because of this
            return None

    def over(self, spent: Spent, usage: Usage) -> str:
        """Which budget is used up; "" where none is."""
        limits, tokens, usd = self._limits, usage.input_tokens + usage.output_tokens, usage.cost_usd or 0.0
        if _full(limits.customer_tokens, spent.customer_tokens + tokens) or _full(
            limits.customer_usd, spent.customer_usd + usd
        ):
            return "this customer's budget of the day is used up"
        if _full(limits.company_tokens, spent.company_tokens + tokens) or _full(
            limits.company_usd, spent.company_usd + usd
        ):
            return "the company's budget of the day is used up"
        return ""


class Budget:
    """One turn's. The database is asked once, before the first paid call."""

    def __init__(self, budgets: Budgets, principal_key: str, usage: Usage) -> None:
        self._budgets = budgets
        self._key = principal_key
        self._usage = usage
        self._asked = False
        self._spent: Spent | None = None

    async def used_up(self) -> str:
        """Why a paid model is not to be asked now; "" where it may be."""
        if not self._asked:
            self._asked, self._spent = True, await self._budgets.before(self._key)
        return self._budgets.over(self._spent, self._usage) if self._spent else ""


def _full(limit: float, used: float) -> bool:
    return limit > 0 and used >= limit
