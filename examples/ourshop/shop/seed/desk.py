"""Old tickets and password resets, so that those tables are not empty either."""

from datetime import timedelta
from random import Random

from examples.ourshop.shop import rules
from examples.ourshop.shop.clock import DEMO_MOMENT
from examples.ourshop.shop.seed.people import Customer
from examples.ourshop.shop.seed.world import World

_TICKETS = (
    (
        "Wrong colour in the parcel",
        "I ordered the green mug and got the blue one.",
        "A new one is on its way.",
    ),
    (
        "Invoice with company name",
        "Could you put our company name on the invoice?",
        "Sent a corrected invoice.",
    ),
    ("Zip of my jacket is broken", "The zip broke after four months. Is that under warranty?", None),
    (
        "Where is my parcel",
        "The tracking page has not changed for days.",
        "Asked the carrier to look for it.",
    ),
    ("Gift card does not work", "The checkout says the code is unknown.", None),
    ("Courier left it at the wrong door", "My neighbour two streets away has my order.", None),
)


def add_desk(world: World, rng: Random, customers: list[Customer]) -> None:
    """Sixty tickets and forty password resets."""
    for _ in range(60):
        subject, body, note = rng.choice(_TICKETS)
        opened = DEMO_MOMENT - timedelta(minutes=rng.randrange(60, 60 * 24 * 90))
        status = rng.choice(("pending", "solved")) if note else "open"
        world.add_ticket(rng.choice(customers), subject, body, status, opened, note)
    for _ in range(40):
        asked = DEMO_MOMENT - timedelta(minutes=rng.randrange(90, 60 * 24 * 60))
        used = asked + timedelta(minutes=rng.randrange(2, 50)) if rng.random() < 0.7 else None
        expires = asked + timedelta(minutes=rules.PASSWORD_RESET_MINUTES)
        world.add_password_reset(rng.choice(customers), asked, expires, used)
