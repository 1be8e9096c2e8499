"""The token that a customer has shown with the request that is being answered, to be passed on to the shop's backend."""

from __future__ import annotations

from contextvars import ContextVar

from frontdesk.domain import Customer

__all__ = ["Shown", "presented", "show_again", "showed", "shown"]

Shown = tuple[str, str]  # whose token it is, and the token

_SHOWN: ContextVar[Shown] = ContextVar("frontdesk_token", default=("", ""))


def showed(customer_id: str, token: str) -> None:
    """Remember for what follows in this request that ``customer_id`` has shown ``token``, which was found good."""
    _SHOWN.set((customer_id, token))


def shown() -> Shown:
    """What was shown with the request at hand."""
    return _SHOWN.get()


def show_again(what: Shown) -> None:
    """Remember what was shown with the message that is answered from here on."""
    _SHOWN.set(what)


def presented(customer: Customer) -> str:
    """The ``token`` of a Backend: the JWT that this customer came with; "" where they came otherwise.

    It is kept nowhere. A customer of the widget, whose JWT is exchanged for a session, a turn that another process
    takes over, and an action that staff approve later have none: for those give Backend a function of your own.
    """
    who, token = _SHOWN.get()
    return token if who == customer.id else ""
