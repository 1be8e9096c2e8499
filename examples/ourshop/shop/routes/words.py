"""What the shop's document says of its operations for a support agent, in ``x-frontdesk``: see docs/openapi.md."""

from typing import Any

IN_WAREHOUSE = {
    "field": "status",
    "in": ["placed", "processing"],
    "else": "This order is cancelled already, or it has already left our warehouse and has been shipped.",
}


def words(**said: Any) -> dict[str, Any]:
    """``openapi_extra`` of a route."""
    return {"x-frontdesk": said}


ORDER = words(
    examples=[
        "where is my order 789",
        "has 456 been shipped yet",
        "when will order 123 arrive",
        "where does order 456 go",
        "until when can I return order 123",
    ],
    says=(
        "Order {id} is {status|words}.[ {status_note}][ It was shipped on {shipped_on|date}.]"
        "[@when  It should arrive on {expected_delivery|date}.][@when  It was delivered on {delivered_on|date}.]"
        "[ It was cancelled on {cancelled_on|date}.]"
        "[\n{each shipments}- With {carrier}, tracking number {tracking_number}: {tracking_url}\n{/each}]"
        "[?placed Order {id} was placed on {placed_on|date}.][?items In order {id}: {lines|join:name}.]"
        "[?address Order {id} goes to {shipping_address.street}, {shipping_address.postal_code} {shipping_address.city}.]"
        "[?total Order {id} comes to {total|money:currency}.]"
        "[?return_until You can return order {id} until {return_until|date}.]"
    ),
)
ADDRESS = words(
    examples=["change the address of order 456 to Mill Lane 12, 1015 CJ Amsterdam"],
    asks={
        "street": "What is the new street and house number?",
        "postal_code": "What is the new postal code?",
        "city": "Which city is that in?",
    },
    requires=[IN_WAREHOUSE],
    preview={"title": "Change the address of order {order_id}"},
    says="Order {id} goes to {shipping_address.street}, {shipping_address.postal_code} {shipping_address.city} now.",
    limit="5/day",
    undo=True,
)
CANCEL = words(
    requires=[IN_WAREHOUSE],
    says="Order {id} is cancelled.[ We pay {refund.amount|money:refund.currency} back by {refund.expected_by|date}.]",
    limit="5/day",
)
INVOICE = words(
    examples=["send me the invoice of order 123 again"],
    says="The invoice is on its way to {sent_to}.",
    limit="5/day",
)
REFUND = words(
    examples=["refund order 123", "give me 20 EUR back for order 123"],
    asks={"reason": "What is the reason for the refund?"},
    requires=[
        {
            "field": "status",
            "in": ["delivered", "partly_refunded", "lost", "returned"],
            "else": "This order has not been delivered; it can be cancelled before it is shipped.",
        }
    ],
    preview={
        "title": "Refund[ {amount} for] order {order_id}",
        "text": "Refund[ {amount} for] order {order_id} to the original payment method.",
    },
    says="We refund {amount|money:currency} for order {order_id}, by {expected_by|date}.",
    limit=["3/day", "1000 EUR/day", "20000 EUR/day per shop"],
    approve_above="100 EUR",
    approve_twice_above="500 EUR",
)
RETURN = words(
    examples=["return the lamp from order 123", "start a return for order 123"],
    asks={"reason": "Why would you like to return it?"},
    requires=[
        {
            "field": "status",
            "in": ["delivered", "partly_refunded", "returned"],
            "else": "This order has not been delivered yet.",
        }
    ],
    says="The return for order {order_id} is registered. Your label: {label.url}.",
    limit="10/day",
)
EMAIL = words(
    examples=["change my e-mail address", "update my e-mail from a@b.example to c@d.example"],
    asks={
        "current_email": "Which e-mail address is on your account now?",
        "email": "What is the new e-mail address?",
    },
    requires=[
        {
            "argument": "current_email",
            "is": "email",
            "else": "That is not the e-mail address on this account.",
        }
    ],
    preview={"title": "Change your e-mail address"},
    says="The e-mail address of your account is {email} now.",
    limit="2/day",
    undo=True,
)
PASSWORD = words(
    examples=["reset my password", "send me a link for a new password"],
    says="A link to reset your password is on its way to {sent_to}.",
    limit="3/hour",
)
