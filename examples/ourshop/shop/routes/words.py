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
        "Order {id} {status_text}.[ {status_note}][ It was shipped on {shipped_on|date}.]"
        "[@when  It should arrive on {expected_delivery|date}.][@when  It was delivered on {delivered_on|date}.]"
        "[ It was cancelled on {cancelled_on|date}.]"
        "[\n{each shipments}- With {carrier}, tracking number {tracking_number}: {tracking_url}\n{/each}]"
        "[?placed Order {id} was placed on {placed_on|date}.][?items In order {id}: {lines|join:name}.]"
        "[?address Order {id} goes to {shipping_address.street}, {shipping_address.postal_code} {shipping_address.city}.]"
        "[?total Order {id} comes to {total|money:currency}.]"
        "[?return_until You can return order {id} until {return_until|date}.]"
    ),
    asks={"order_id": "Which order do you mean? Its number is in your confirmation e-mail."},
    step="Looking up order {order_id}",
    limits={"return window": "30 days"},
)
ORDERS = words(
    examples=["what did I order", "show me my orders", "list my purchases", "which orders do I have open"],
    says=(
        "These are your latest orders:\n{each orders}- **Order {id}** of {placed_on|date}: {status|words},"
        " {total|money:currency}[ ({summary})]\n{else}There are no orders on your account yet.{/each}"
    ),
)
ACCOUNT = words(
    examples=[
        "which e-mail address do you have for me",
        "what is my address on file",
        "my account details",
    ],
    step="Looking up your account",
    says=(
        "This is what we have on your account: {name}, {email}[, phone {phone}]."
        "[\nYour addresses:\n{each addresses}- {name}, {street}, {postal_code} {city}, {country}\n{/each}]"
    ),
)
PAYMENTS = words(
    examples=[
        "did my payment for order 456 go through",
        "how much did I pay for 123",
        "how did I pay for order 789",
        "was I charged twice for 456",
    ],
    step="Looking up the payment of order {order_id}",
    asks={"order_id": "Which order's payment do you mean?"},
    says=(
        "{each payments}The payment of {amount|money:currency} for order {order_id} by {description} is"
        " **{status|words}**[ (paid on {paid_on|date})].\n"
        "{else}There is no payment for this order yet.{/each}"
    ),
)
REFUNDS = words(
    examples=["where is my refund", "is my money back on its way", "refund status of order 456"],
    says=(
        "{each refunds}The refund of {amount|money:currency} for order {order_id} is **{status|words}**"
        "[ (paid out on {paid_out_on|date})].[ We pay it by {expected_by|date}.][ {note}]\n"
        "{else}There is no refund under way[ for order {order_id}].{/each}"
    ),
    limits={"refund time": "5 business days"},
)
RETURNS = words(
    examples=["did you receive my return", "status of my return", "has the parcel I sent back arrived"],
    says=(
        "{each returns}Your return for order {order_id} has the status **{status|words}**"
        "[ (we received it on {received_on|date})].[ The refund for it is {refund_amount|money:currency}.][ {note}]\n"
        "{else}There is no return under way[ for order {order_id}].{/each}"
    ),
    limits={"return label": "3.95 EUR"},
)
BY_ORDER = words(leave_out="customers name the order, of which these are listed")
IN_LINES = words(leave_out="the order's lines say the same")
SAID_BY_USER = words(leave_out="the customer's, of which one order's are asked for by order_id, are the same")
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
        },
        {"argument": "line_ids", "without": "return_refusal", "else": "{name}: {return_refusal}"},
    ],
    preview={
        "title": "Start a return for order {order_id}",
        "text": "Return {line_ids} from order {order_id}; we send a label.",
    },
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
