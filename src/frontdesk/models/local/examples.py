"""What customers say to any shop, by what they want; and how a bound tool is recognised as one for it."""

from __future__ import annotations

import re

ORDER_STATUS = "order_status"
LIST_ORDERS = "list_orders"
PROFILE = "profile"
PAYMENTS = "payments"
REFUNDS = "refunds"
RETURNS = "returns"
KNOWLEDGE = "knowledge"
HAND_OVER = "hand_over"

# The first pattern must be in the tool's name and the second must not; True: it takes an id that is required.
ROLES: tuple[tuple[str, re.Pattern[str], re.Pattern[str], bool | None], ...] = (
    (REFUNDS, re.compile(r"refund|reimburse"), re.compile(r"^(create|request|make|issue|start|refund)_"), None),
    (RETURNS, re.compile(r"returns?(_|$)|rma"), re.compile(r"^(create|request|start|open|register)_"), None),
    (PAYMENTS, re.compile(r"payment|charge|billing|transaction"), re.compile(r"^(create|pay|make|add|update)_|methods?(_|$)"), None),
    (
        ORDER_STATUS,
        re.compile(r"(order|parcel|package|shipment|delivery)s?_?(status|state|details?|info)|track|^(get|find|show|read|look_?up)_(order|parcel|shipment)$"),
        re.compile(r"list|cancel|change|update"),
        True,
    ),
    (LIST_ORDERS, re.compile(r"orders|purchases|order_(list|history)"), re.compile(r"status|cancel|count"), False),
    (PROFILE, re.compile(r"profile|account|my_details|(customer|user|member)(_details|_info)?$"), re.compile(r"update|change|delete|close|create"), False),
)  # fmt: skip


def lines(text: str) -> tuple[str, ...]:
    """One utterance a line."""
    return tuple(line.strip() for line in text.strip().splitlines() if line.strip())


# What help centers are asked, in words they know: a question they do not find is tried again in these.
HELP = lines("""
    what is your refund policy
    how long do refunds take
    how do i return something
    what do i need to do to send something back
    can i return a used item
    how do i cancel an order
    can i still cancel my order
    up to what point can an order be cancelled
    how do i change my delivery address
    i moved how do i put in the new address
    can i change the address of an order
    can i add an item to my order
    how much is shipping
    how long does delivery take
    do you ship to switzerland
    which countries do you deliver to
    do you offer express delivery
    which payment methods do you accept
    can i pay with paypal or klarna
    can i pay in instalments later
    do you accept american express
    my payment failed what can i do
    what happens if i was charged twice
    where do i type in a discount code
    why does my voucher not work
    do gift cards expire
    how do i get an invoice
    where can i download a receipt
    my item broke am i still covered by the warranty
    how long is the guarantee
    do you have a size chart
    what size should i take
    how do i reset my password
    i can not sign in to my account
    how do i change my email address
    how do i delete my account
    what do you do with my personal data
    get everything you have stored about me deleted
    what are your opening hours
    how can i contact you
    my item arrived damaged what now
    an item is missing from my parcel
    i received the wrong item
    my parcel is lost what do i do
    what does processing mean
    what if i am not home when the parcel comes
    can i pick it up at a shop
    how do i exchange for another size
    do you price match
    do you have a student discount
    how do loyalty points work
    unsubscribe from the newsletter
    how do i wash this jacket
    when will it be back in stock
    do i have to pay customs
    is this email from you or a scam
    who pays for return shipping
    where is my invoice
    who do i contact about a problem
    how do i track my return
    how do i make a complaint
    can someone else accept my parcel
    i entered the wrong address
    please send it to another address instead
    i changed my mind stop the order
    i ordered the wrong size
    how can i pay
    what is the minimum order value
    how long can i return something
    what does the status mean
    cancel my order
    change my address please
    change my email to a new one
    i want a refund for my order
    i want to return this
    delete my account
""")

# Questions that help centers head differently from how customers put them.
PLAINER = {
    "how do i track my return": "where can i follow my return",
    "get everything you have stored about me deleted": "how do i delete my account and my data",
    "why does my voucher not work": "my discount code does not work",
    "my item broke am i still covered by the warranty": "how long is the warranty",
    "do you have a size chart": "which size should i choose, size guide",
    "i moved how do i put in the new address": "how do i change my delivery address",
    "is this email from you or a scam": "how do i recognise a false e-mail",
    "how long can i return something": "how many days do i have to return something",
}

# The same for what customers tell instead of asking: words that stand in the story, and the question it comes to.
TOLD = tuple(
    (re.compile(pattern), question)
    for pattern, question in (
        (
            r"\b(?:came|arrived|got|received?|delivered|opened|unpacked)\b.{0,40}\b(?:hole|holes|crack\w*|broken|scratch\w*|torn|dent\w*|stain\w*|chipped|faulty|defective|damaged|smashed|shattered|ripped|bent)\b",
            "my item arrived damaged what now",
        ),
        (
            r"\b(?:texts?|sms|e-?mails?|messages?|calls?|links?)\b.*(?:\bin your name\b|\bfrom you\b|\breally you\b|\bis (?:that|this|it) (?:really )?(?:you|yours)\b|\bscam\b|\bgenuine\b|\bfake\b|\bphishing\b)",
            "how do i recognise a false e-mail",
        ),
    )
)

ELSEWHERE = lines("""
    what is your phone number
    are you hiring
    do you take bitcoin
    do you have a shop in london
    can i join an affiliate programme
    do you sell batteries
    what is the weather like
    write me a poem
    help me with my homework
    who won the football match
    what is the capital of france
    tell me a joke
    i need a new laptop what do you recommend
    order me another one
""")

UTTERANCES: dict[str, tuple[str, ...]] = {
    HAND_OVER: lines("""
        i want to talk to a human
        can i speak to a real person
        connect me with an agent
        get me your boss
        is anybody real there
        i do not want to talk to a machine
        can i have a word with someone in charge
        let me talk to customer service
        i would rather chat with a member of your team
        please put me through to somebody
        transfer me to a representative
        i need a person not a robot
        you are not helping get me someone who can
    """),
    ORDER_STATUS: lines("""
        where is my order
        what is the status of my order
        when will my order arrive
        has my order shipped yet
        is my order on its way
        track my order
        my order has not arrived yet
        any news about my order
        is my order late
        i would like an update on my order
        when should i expect delivery of my order
        has it been dispatched
        has it left the warehouse
        who is delivering my order
        what is the tracking number for my order
        how far along is my order
        is it going to come this week
        still waiting for my order to come
        i paid for my order and still nothing at my door
        do you know anything about my order
        is my order packed yet
        did my order get delivered
        it says delivered but i have nothing
        what is happening with my order
        which carrier has my order
        what did i order in this order
        what is in my order
        i meant this order
        is it normal that my order takes this long
        has it been handed to the courier
        how long until it gets here
        which company brings it
        have not heard anything about my order
        the estimated date for my order has passed
        is my order ready
        my order was supposed to be here
        my order seems to be stuck
        looking for my order
        what time will the driver come today
    """),
    LIST_ORDERS: lines("""
        what have i bought from you so far
        show me all my orders
        list my orders
        which of my orders are still open
        what did i order
        my order history
        do i have any open orders
        what are my recent orders
        how many orders do i have
        give me an overview of my purchases
        any orders on my account
        give me everything i have ordered
        what orders are on my account
        see my past purchases
    """),
    PROFILE: lines("""
        what do you have on file for me
        which email address do you have for me
        what delivery address is saved in my account
        show me my profile
        what phone number is on my account
        what is my customer number
        read me back the address you have for me
        what details do you have stored about me
        which name is my account under
        do you have the right phone number for me
        under what email am i registered
        am i a loyalty member
        is my email still the old one in your system
    """),
    PAYMENTS: lines("""
        did my payment go through
        how much did i pay for my order
        has the money been taken from my account
        was i charged twice for my order
        did you charge my card
        how much did that cost me in the end
        which card did i pay with
        what was the total i paid
        is my payment confirmed
        have you received my payment for the order
        how was my order paid
        why was my card charged
        when was my card debited
        is my order paid
        did you get my money for the order
        i would like to see the payment for my order
        has my card been billed
        there are two charges on my bank statement
    """),
    REFUNDS: lines("""
        is my refund on its way
        where is my refund
        when do i get my money back
        still no refund on my card
        have you processed the refund for my order
        where is my money
        did you refund me yet
        how much was refunded
        what is the status of my refund
        i have not received my refund
        it has been ten days and no money back
        has my refund been approved
        how long until my refund arrives
        you owe me money
        is my refund still pending
    """),
    RETURNS: lines("""
        did you receive my return
        what is the state of my return
        has my return arrived at the warehouse
        did you get the item i sent back
        is my return processed
        have you booked in the things i returned
        i posted the return last week has it arrived
        status of my return
        did my return package get to you
        have you checked my return yet
    """),
    KNOWLEDGE: (*HELP, *ELSEWHERE),
}
