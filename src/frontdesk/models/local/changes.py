"""What customers want changed, and the question whose article explains how that is done."""

from __future__ import annotations

import re

from frontdesk.models.local.catalog import Encoder, masked
from frontdesk.models.local.examples import lines

LEAST = 0.45  # cosine below which a wish is none of these, and asked in the customer's own words

EXCHANGE = "how do i exchange an item for another size"
CHANGES: dict[str, tuple[str, ...]] = {
    "how do i cancel an order": lines("""
        cancel my order
        stop my order i do not want it any more
        scrap it i found a nicer one elsewhere
        call it off
        do not send it i changed my mind
        stop it going out
        ordered twice by mistake drop one order
    """),
    "how do i change the items in an order": lines("""
        remove an item from my order
        take the mug out of my order
        take out one thing and keep the rest
        add another lamp to my order
        put a pair of socks in with my order
        throw a second one in before you pack the box
        swap the size before it goes out
        i clicked the wrong size change it to a bigger one
        change the colour of an item in my order
    """),
    "how do i change my delivery address": lines("""
        change the address of my order to 12 mill lane
        we moved send it to our new premises
        i typed the wrong house number correct it
        update my address
    """),
    "can i have a parcel that is on its way redirected": lines("""
        send it to my office instead it is on its way
        have the driver leave it with the neighbour
        leave my parcel next door nobody is at home
        deliver it on another day
        redirect my parcel to a pick-up point
    """),
    "how do i change my email address": lines("""
        update my email to j@example.org
        set another email for my account
    """),
    "how do i reset my password": lines("""
        set a new password for me
        reset my password
    """),
    "how do i delete my account": lines("""
        delete my account
        wipe my account and all my data
        close my account for good
    """),
    "how do i unsubscribe from the newsletter": lines("""
        take me off your mailing list
        stop sending me emails
        unsubscribe me from the newsletter
    """),
    "can my order be upgraded to express delivery": lines("""
        make my order express i will pay the extra
        upgrade it to the fast delivery
    """),
    "can i add a discount code after ordering": lines("""
        i forgot my code take 15 off my order
        apply my voucher code to my order
    """),
    "how do i start a return": lines("""
        refund me my order
        i want my money back for my order
        i want to return this take it back
        give me a refund
    """),
    "can i get my refund on another card": lines("""
        pay the refund to my new card
        send the refund to my other bank account
    """),
    EXCHANGE: lines("""
        exchange it for a bigger size
        swap the boots i got for size 43
    """),
    "what do i do about a damaged item": lines("""
        replace the broken mug
        send me a new one the old one came damaged
    """),
    "how do i get an invoice": lines("""
        put my company's name on the invoice
        send me the invoice
    """),
}


_EXCHANGE = re.compile(
    r"\b(?:swap|exchange)\b (?:it|them|this|these|that|the \w+|my \w+|an? \w+|\w+)? ?(?:for|to|into|against) (?:an? |the |another |one |size |\d)"
    r"|\b(?:swap|exchange)s?\b.*\b(?:size|sizes|colou?r|bigger|smaller|larger|another|different)\b"
    r"|\b(?:size|sizes|colou?r|big|small|large|tight|loose)\b.*\b(?:swap|exchange)s?\b"
)


def exchanges(text: str) -> bool:
    """Whether another size or colour is wanted for a thing, however that is asked; plain text."""
    return bool(_EXCHANGE.search(text))


TOO_LATE = "can an order still be cancelled after it has shipped"
_CANCEL = re.compile(
    r"\bcancel\w*|\bcall (?:it |this |my order |order #?\w+ )?off\b|\b(?:stop|scrap)\b.*\b(?:order|parcel|it|#?\d+)\b"
)


def cancels(wish: str) -> bool:
    """Whether the change is to cancel."""
    return bool(_CANCEL.search(wish))


def how_to(wish: str, encoder: Encoder) -> str:
    """The question whose article explains how the change that is wanted is made."""
    known = [(question, said) for question, utterances in CHANGES.items() for said in utterances]
    vectors = encoder.encode([masked(wish), *(masked(said) for _, said in known)])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    best = max(range(len(known)), key=cosines.__getitem__)
    return known[best][0] if cosines[best] >= LEAST else f"how do i {wish}"
