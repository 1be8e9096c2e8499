import orjson
import pytest

from frontdesk.policies.grounding import unsupported
from frontdesk.policies.statuses import unsupported_statuses

PROPOSED = '{"proposed":{"id":"1","title":"Refund order 456","status":"proposed","text":"Refund 20.00 EUR for order 456."}}'
EXECUTED = '{"action":{"title":"Refund order 456","status":"executed","result":{"amount":"20.00"}}}'
ORDER = '{"order_id":"456","status":"processing","delivered_on":null}'


@pytest.mark.parametrize(
    "reply",
    [
        "Your refund has been paid out.",
        "I have refunded the order.",
        "I've cancelled it for you.",
        "Your order has been cancelled.",
        "Order 456 was cancelled.",
        "Your e-mail address has been changed.",
        "Your parcel has been lost.",
        "Ihre Bestellung wurde storniert.",
        "Su pedido ha sido cancelado.",
        "Votre commande a été annulée.",
    ],
)
def test_what_was_not_done_is_not_said_to_be_done(reply: str) -> None:
    evidence = ['{"order_id":"456","status":"processing"}']
    assert unsupported_statuses(reply, evidence)
    assert unsupported(reply, evidence, ["cancel 456 please"])


def test_a_proposal_is_no_evidence_and_an_executed_action_is() -> None:
    reply = "I have refunded order 456."
    assert unsupported_statuses(reply, [PROPOSED])
    assert not unsupported_statuses(reply, [EXECUTED])
    article = '{"answerable":true,"passages":[{"n":1,"text":"Order 456 was refunded."}]}'
    assert unsupported_statuses(reply, [article])


@pytest.mark.parametrize(
    "reply",
    [
        "Once your order has been delivered, you can return it within 30 days.",
        "If your parcel was lost, we send it again.",
        "Has your order been cancelled?",
        "Your order has not been cancelled.",
        "Your order can be cancelled before it ships.",
        "Order 456 is processing in our warehouse.",
        "Refund 20.00 EUR for order 456. Please check this and confirm it with the button.",
    ],
)
def test_conditions_questions_and_what_is_not_said_are_no_claims(reply: str) -> None:
    assert not unsupported_statuses(reply, [ORDER, PROPOSED])


def test_what_a_result_shows_may_be_said() -> None:
    for status, reply in {
        "delivered": "Your order has been delivered.",
        "cancelled": "Order 456 has been cancelled.",
        "shipped": "Your parcel was shipped.",
        "lost": "Your parcel is lost.",
        "delayed": "Your order is delayed.",
    }.items():
        assert not unsupported_statuses(reply, [f'{{"status":"{status}"}}'])


MEANINGS = (
    '{"answerable":true,"passages":[{"n":1,"text":"Status: Delivered; What it means: The carrier reports that the '
    'parcel was delivered. Status: Lost; What it means: Your parcel was lost."}]}'
)


def test_an_articles_own_definition_of_a_status_may_be_quoted() -> None:
    quote = "Status: Delivered; What it means: The carrier reports that the parcel was delivered."
    assert not unsupported_statuses(quote, [MEANINGS])
    assert not unsupported_statuses(f"- {quote}", [MEANINGS])
    assert unsupported_statuses(quote, [ORDER])


@pytest.mark.parametrize(
    "reply",
    [
        "The carrier reports that the parcel was delivered.",  # without its label it speaks of the customer's
        "Good news: The carrier reports that the parcel was delivered.",
        "Order 456: The carrier reports that the parcel was delivered.",
        "Status: Lost; What it means: Your parcel was lost.",
        "Status: Delivered; What it means: The parcel was delivered.",
    ],
)
def test_what_could_be_read_as_the_customers_own_status_is_no_definition(reply: str) -> None:
    assert unsupported_statuses(reply, [MEANINGS])


def test_half_a_sentence_of_an_article_is_no_definition() -> None:
    article = orjson.dumps(
        {
            "passages": [
                {
                    "text": "Refunded: the refund has been paid once your bank confirms it.\n- Lost: the parcel is lost."
                }
            ]
        }
    ).decode()
    assert unsupported_statuses("Refunded: the refund has been paid", [article, ORDER])
    assert not unsupported_statuses("- Lost: the parcel is lost.", [article, ORDER])


@pytest.mark.parametrize("passages", ['["a"]', "5", '{"text": 1}', '[{"text": 1, "quote": [2]}]'])
def test_a_result_with_passages_that_are_no_articles_is_read_all_the_same(passages: str) -> None:
    assert unsupported_statuses(
        "Status: Delivered; What it means: the parcel was delivered.", [f'{{"passages":{passages}}}']
    )


def test_a_status_defined_in_a_row_of_a_table_may_be_read_out() -> None:
    row = "Status: Delivered; What it means: The carrier reports that the parcel was delivered."
    passage = f'{{"passages":[{{"text":"{row}"}}]}}'
    assert not unsupported_statuses(
        "- Delivered: The carrier reports that the parcel was delivered.", [passage]
    )
    assert unsupported_statuses("- Delivered: The parcel was delivered.", [passage])
