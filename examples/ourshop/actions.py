"""What OurShop's customers may have changed: each tool with its rules, its preview and its limits in one place.

``subject`` reads the record and proves whose it is, ``requires`` says what must hold, ``preview`` what will change.
Frontdesk proposes, asks the customer, has staff approve what is large, and calls the function once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from examples.ourshop.client import NOT_FOUND, shop
from frontdesk import Change, Customer, Done, Money, Preview, ToolNotFound, ToolRefused, rule, tool

Json = dict[str, Any]
WHICH = {"order_id": "Which order do you mean? Its number is in your confirmation e-mail."}
IN_WAREHOUSE = rule(
    "This order has already left our warehouse.", lambda order, _: order["status"] in ("placed", "processing")
)
NOT_CANCELLED = rule("This order is cancelled already.", lambda order, _: order["status"] != "cancelled")


async def own_order(order_id: str, customer: Customer) -> Json:
    """One of the customer's orders."""
    return await shop.order(order_id, owner=customer.id)


async def own_money(order_id: str, customer: Customer) -> Json:
    """An order of the customer's, with what was paid for it and what is promised back already."""
    order = await shop.order(order_id, owner=customer.id)
    payments = (await shop.get(f"/orders/{order_id}/payments"))["payments"]
    refunds = (await shop.get(f"/orders/{order_id}/refunds"))["refunds"]
    paid = sum((Decimal(p["amount"]) for p in payments if p["paid_on"]), Decimal(0))
    gone = [r for r in refunds if r["status"] != "rejected"]
    how = next((p["description"] for p in payments if p["paid_on"]), "")
    left = paid - sum((Decimal(r["amount"]) for r in gone), Decimal(0))
    return {
        **order,
        "paid": paid,
        "left": left,
        "how": how,
        "lines_gone": {n for r in gone for n in r["line_ids"]},
    }


async def own_parcel(order_id: str, customer: Customer) -> Json:
    """An order of the customer's, with what of it the shop would take back today: the rules of the press itself."""
    order = await shop.order(order_id, owner=customer.id)
    return {**order, "returnable": (await shop.get(f"/orders/{order_id}/returnable"))["lines"]}


async def own_account(customer: Customer) -> Json:
    """The customer's own account."""
    return await shop.get(f"/users/{customer.id}")


async def own_ticket(ticket_id: str, customer: Customer) -> Json:
    """One of the customer's tickets at the shop."""
    if not ticket_id.isalnum() or len(ticket_id) > 20:
        raise ToolNotFound(NOT_FOUND)
    ticket = await shop.get(f"/tickets/{ticket_id}")
    if ticket["user_id"] != customer.id:
        raise ToolNotFound(NOT_FOUND)
    return ticket


# ------------------------------------------------------------------ orders
def _written(address: Json) -> str:
    return "{name}, {street}, {postal_code} {city}, {country}".format(**address)


def _address(order: Json, arguments: Json) -> Json:
    """The new address: what was not said stays."""
    new = {**order["shipping_address"]}
    return {key: arguments.get(key) or value for key, value in new.items()}


def preview_address(order: Json, arguments: Json) -> Preview:
    """Where the order goes now, and where it will."""
    before, after = _written(order["shipping_address"]), _written(_address(order, arguments))
    if before == after:
        raise ToolRefused("This is the address the order goes to already.")
    return Preview(
        f"Send order {order['id']} to {after}.",
        (Change("Delivery address", before, after),),
        object=f"order {order['id']}",
        title=f"Change the address of order {order['id']}",
        remember={"address": order["shipping_address"]},
    )


async def _put_address(order_id: str, address: Json, key: str) -> Json:
    order = await shop.send("PUT", f"/orders/{order_id}/shipping-address", address, key=key)
    return {"order_id": order["id"], "address": _written(order["shipping_address"])}


async def address_back(done: Done, customer: Customer, effect_id: str) -> Json:
    """Send the order to its earlier address."""
    await shop.order(done.arguments["order_id"], owner=customer.id)
    return await _put_address(done.arguments["order_id"], done.remembered["address"], effect_id)


async def moved(order_id: str, street: str, postal_code: str, city: str, customer: Customer) -> Json | None:
    """Whether the order goes to the new address by now."""
    now = (await shop.order(order_id, owner=customer.id))["shipping_address"]
    same = (now["street"], now["postal_code"], now["city"]) == (street, postal_code, city)
    return {"order_id": order_id, "address": _written(now)} if same else None


@tool(
    permission="orders:address",
    confirm=True,
    subject=own_order,
    requires=[NOT_CANCELLED, IN_WAREHOUSE],
    preview=preview_address,
    limit="5/day",
    undo=address_back,
    reconcile=moved,
    examples=["change the address of order 456 to Mill Lane 12, 1015 CJ Amsterdam", "send my order 456 somewhere else"],
    step="Preparing the new address of order {order_id}",
    asks={**WHICH, "street": "What is the new street and house number?", "postal_code": "What is the new postal code?",
          "city": "Which city is that in?"},
    says="Order {order_id} goes to {address} now.",
)  # fmt: skip
async def change_shipping_address(
    order_id: str, street: str, postal_code: str, city: str, customer: Customer, effect_id: str,
    name: str | None = None, country: str | None = None,
) -> Json:  # fmt: skip
    """Change where one of the customer's orders goes, before it is shipped. Country is a two-letter code."""
    order = await shop.order(order_id, owner=customer.id)
    given = {"street": street, "postal_code": postal_code, "city": city, "name": name, "country": country}
    return await _put_address(order_id, _address(order, given), effect_id)


def preview_cancel(order: Json, _: Json) -> Preview:
    """What a cancellation gives back."""
    back = f" and pay {order['left']} {order['currency']} back" if order["left"] > 0 else ""
    return Preview(
        f"Cancel order {order['id']}{back}.",
        (Change("Order", order["status"].replace("_", " "), "cancelled"),),
        Money(order["left"], order["currency"]) if order["left"] > 0 else None,
        f"order {order['id']}",
        f"Cancel order {order['id']}",
    )


@tool(
    permission="orders:cancel",
    confirm=True,
    subject=own_money,
    requires=[NOT_CANCELLED, IN_WAREHOUSE],
    preview=preview_cancel,
    limit="5/day",
    reconcile="repeat",
    examples=["cancel order 456", "please cancel my order 456"],
    step="Preparing to cancel order {order_id}",
    asks=WHICH,
    says="Order {order_id} is cancelled.[ We pay {amount|money:currency} back by {expected_by|date}.]",
)
async def cancel_order(order_id: str, customer: Customer, effect_id: str) -> Json:
    """Cancel one of the customer's orders before it is shipped, and pay back what was paid."""
    await shop.order(order_id, owner=customer.id)
    done = await shop.send("POST", f"/orders/{order_id}/cancel", key=effect_id)
    refund = done["refund"] or {}
    return {
        "order_id": order_id,
        "status": done["status"],
        **_some(refund, "amount", "currency", "expected_by"),
    }


# ------------------------------------------------------------------ money
def _worth(order: Json, line_ids: list[str] | None) -> Decimal:
    """What the named lines cost, or all that is left."""
    if not line_ids:
        return order["left"]
    prices = {line["id"]: line["quantity"] * Decimal(line["unit_price"]) for line in order["lines"]}
    if not set(line_ids) <= set(prices):
        raise ToolRefused("One of these items is not in this order.")
    if set(line_ids) & order["lines_gone"]:
        raise ToolRefused("One of these items was refunded already.")
    return sum((prices[line] for line in set(line_ids)), Decimal(0))


def preview_refund(order: Json, arguments: Json) -> Preview:
    """How much goes back, worked out from what was paid and what went back before."""
    most = min(_worth(order, arguments["line_ids"]), order["left"])
    wanted = arguments["amount"]
    amount = Decimal(wanted["amount"]) if wanted else most
    if (wanted and wanted["currency"] != order["currency"]) or amount > most or most <= 0:
        raise ToolRefused(f"At most {max(most, Decimal(0))} {order['currency']} can be refunded here.")
    money = Money(amount, order["currency"])
    return Preview(
        f"Refund {money} for order {order['id']} to {order['how'] or 'the original payment method'}.",
        (Change("Left of what was paid", f"{order['left']} {order['currency']}",
                f"{order['left'] - amount} {order['currency']}"),),
        money,
        f"order {order['id']}",
        f"Refund {money}",
    )  # fmt: skip


@tool(
    permission="orders:refund",
    confirm=True,
    subject=own_money,
    requires=[
        rule(
            "Nothing was paid for this order, so there is nothing to refund.",
            lambda order, _: order["paid"] > 0,
        ),
        rule(
            "This order has not been delivered; it can be cancelled before it is shipped.",
            lambda order, _: order["status"] in ("delivered", "partly_refunded", "lost", "returned"),
        ),
    ],
    preview=preview_refund,
    amount="amount",
    limit=["3/day", "1000 EUR/day", "20000 EUR/day per shop"],
    approve_above="100 EUR",
    approve_twice_above="500 EUR",
    reconcile="repeat",
    examples=["refund order 123", "give me 20 EUR back for order 123"],
    step="Preparing a refund for order {order_id}",
    asks={**WHICH, "reason": "What is the reason for the refund?"},
    says="We refund {amount|money:currency} for order {order_id}, by {expected_by|date}.",
)
async def refund_order(
    order_id: str, reason: str, customer: Customer, effect_id: str,
    amount: Money | None = None, line_ids: list[str] | None = None,
) -> Json:  # fmt: skip
    """Refund a delivered order: whole, in part (amount), or some of its lines (line_ids)."""
    await shop.order(order_id, owner=customer.id)
    wish: Json = {"reason": reason}
    wish |= {"amount": str(amount.amount)} if amount else {}
    wish |= {"line_ids": line_ids} if line_ids else {}
    refund = await shop.send("POST", f"/orders/{order_id}/refunds", wish, key=effect_id)
    return _some(refund, "order_id", "amount", "currency", "status", "expected_by")


def preview_return(order: Json, arguments: Json) -> Preview:
    """Which items go back; a return that the shop would refuse is refused before it is proposed."""
    names = {line["id"]: line["name"] for line in order["returnable"]}
    wanted = arguments["line_ids"]
    if not wanted or not set(wanted) <= set(names):
        raise ToolRefused("One of these items is not in this order.")
    for line in order["returnable"]:
        if line["id"] in wanted and line["refusal"]:
            raise ToolRefused(f"{line['name']}: {line['refusal']}")
    listed = ", ".join(names[line] for line in dict.fromkeys(wanted))
    return Preview(
        f"Return {listed} from order {order['id']}; we send a label.",
        tuple(Change(names[line], "with you", "on its way back") for line in dict.fromkeys(wanted)),
        object=f"order {order['id']}",
        title=f"Start a return for order {order['id']}",
    )


@tool(
    permission="returns:write",
    confirm=True,
    subject=own_parcel,
    requires=[
        rule("This order has not been delivered yet.", lambda order, _: order["delivered_on"] is not None)
    ],
    preview=preview_return,
    limit="10/day",
    reconcile="repeat",
    examples=["return the lamp from order 123", "start a return for order 123"],
    step="Preparing a return for order {order_id}",
    asks={**WHICH, "reason": "Why would you like to return it?"},
    says="The return for order {order_id} is registered. Your label: {label_url}[ (tracking number {tracking_number}).]",
)
async def start_return(
    order_id: str, line_ids: list[str], reason: str, customer: Customer, effect_id: str
) -> Json:
    """Register a return of some lines of a delivered order and get its label."""
    await shop.order(order_id, owner=customer.id)
    wish = {"line_ids": line_ids, "reason": reason}
    made = await shop.send("POST", f"/orders/{order_id}/returns", wish, key=effect_id)
    label = made["label"]
    return {**_some(made, "id", "order_id", "status", "refund_amount", "currency"), "label_url": label["url"],
            "label_cost": label["cost"], "tracking_number": label["tracking_number"]}  # fmt: skip


@tool(
    permission="orders:invoice",
    confirm=True,
    subject=own_order,
    preview=lambda order, _: Preview(
        f"Send the invoice of order {order['id']} again, to the e-mail address on your account.",
        object=f"order {order['id']}",
        title=f"Send the invoice of order {order['id']}",
    ),
    limit="5/day",
    reconcile="repeat",
    examples=["send me the invoice of order 123 again", "resend the invoice for 456"],
    step="Preparing the invoice of order {order_id}",
    asks=WHICH,
    says="The invoice of order {order_id} is on its way to {sent_to}.",
)
async def resend_invoice(order_id: str, customer: Customer, effect_id: str) -> Json:
    """E-mail the invoice of one of the customer's orders again."""
    await shop.order(order_id, owner=customer.id)
    sent = await shop.send("POST", f"/orders/{order_id}/invoice", key=effect_id)
    return {"order_id": order_id, "sent_to": sent["sent_to"]}


# ------------------------------------------------------------------ the account
@tool(
    permission="profile:password",
    confirm=True,
    subject=own_account,
    preview=lambda _account, _arguments: Preview(
        "Send a link to reset your password to the e-mail address on your account.",
        object="password",
        title="Reset your password",
    ),
    limit="3/hour",
    reconcile="repeat",
    examples=["reset my password", "send me a link for a new password"],
    step="Preparing a password reset",
    says="A link to reset your password is on its way to {sent_to}.",
)
async def reset_password(customer: Customer, effect_id: str) -> Json:
    """Send the customer a link to reset their password."""
    sent = await shop.send("POST", f"/users/{customer.id}/password-reset", key=effect_id)
    return _some(sent, "sent_to", "expires_at")


async def email_back(done: Done, customer: Customer, effect_id: str) -> Json:
    """Set the earlier address again."""
    change = {"email": done.arguments["current_email"], "current_email": done.arguments["new_email"]}
    return _some(await shop.send("PATCH", f"/users/{customer.id}", change, key=effect_id), "email")


async def email_is(new_email: str, customer: Customer) -> Json | None:
    """Whether the account has the new address by now."""
    email = (await shop.get(f"/users/{customer.id}"))["email"]
    return {"email": email} if email.lower() == new_email.lower() else None


@tool(
    permission="profile:email",
    confirm=True,
    subject=own_account,
    requires=[
        rule(
            "That is not the e-mail address on this account.",
            lambda account, wish: account["email"].lower() == wish["current_email"].lower(),
        )
    ],
    preview=lambda _, wish: Preview(
        f"Change the e-mail address of your account to {wish['new_email']}.",
        (Change("E-mail address", wish["current_email"], wish["new_email"]),),
        object="e-mail address",
        title="Change your e-mail address",
    ),
    limit="2/day",
    undo=email_back,
    reconcile=email_is,
    examples=["change my e-mail address", "update my e-mail from a@b.example to c@d.example"],
    step="Preparing the new e-mail address",
    asks={
        "current_email": "Which e-mail address is on your account now?",
        "new_email": "What is the new e-mail address?",
    },
    says="The e-mail address of your account is {email} now.",
)
async def change_email(current_email: str, new_email: str, customer: Customer, effect_id: str) -> Json:
    """Change the e-mail address of the account; the present one must be given as well."""
    change = {"email": new_email, "current_email": current_email}
    return _some(await shop.send("PATCH", f"/users/{customer.id}", change, key=effect_id), "email")


# ------------------------------------------------------------------ tickets at the shop
@tool(permission="tickets:shop", changes=True, confirm=False, limit="10/day", reconcile="repeat",
      step="Opening a ticket at the shop")  # fmt: skip
async def open_shop_ticket(subject: str, details: str, customer: Customer, effect_id: str) -> Json:
    """Open a ticket in the shop's own system, for its warehouse or workshop."""
    wish = {"user_id": customer.id, "subject": subject[:200], "body": details}
    return _some(await shop.send("POST", "/tickets", wish, key=effect_id), "id", "subject", "status")


@tool(permission="tickets:shop", changes=True, confirm=False, subject=own_ticket, limit="20/day", reconcile="repeat",
      step="Adding to ticket {ticket_id}")  # fmt: skip
async def amend_shop_ticket(ticket_id: str, note: str, customer: Customer, effect_id: str) -> Json:
    """Add a note to one of the customer's tickets in the shop's own system."""
    await own_ticket(ticket_id, customer)
    return _some(
        await shop.send("PATCH", f"/tickets/{ticket_id}", {"note": note}, key=effect_id), "id", "status"
    )


def _some(item: Json, *keys: str) -> Json:
    return {key: item[key] for key in keys if key in item}


ACTIONS = (
    change_shipping_address,
    cancel_order,
    refund_order,
    start_return,
    resend_invoice,
    reset_password,
    change_email,
    open_shop_ticket,
    amend_shop_ticket,
)
