"""What help centers of shops are asked, in words that pages do not use, and the question it comes to in words they do."""

from __future__ import annotations

from frontdesk.models.local.examples import lines

PARAPHRASES: dict[str, tuple[str, ...]] = {
    "which payment methods do you accept": lines("""
        do you take apple pay or google pay
        is visa or mastercard accepted
        can i pay by bank transfer
        do you take cash
        can i split the amount over two cards
        may two people pay for one order
    """),
    "my payment failed what can i do": lines("""
        my card keeps being refused at the checkout
        the bank declined it
    """),
    "charged twice, pending payment": lines("""
        the same amount stands on my statement two times
        i see two debits for one order
        one of the charges says pending
    """),
    "contact us, opening hours": lines("""
        is there a telephone number i can ring
        what is your support e-mail address
        are you there on saturdays and sundays
        until what time is the chat staffed
        at what hours can i reach somebody
    """),
    "which countries do you ship to, and what does it cost": lines("""
        do you post to australia
        can you send something to my cousin overseas
        how much is postage to norway
        do i pay less postage for a big order
    """),
    "do you offer express delivery": lines("""
        can i have it tomorrow if i order now
        is overnight delivery possible where i live
        i need it very fast
    """),
    "delivered but not received": lines("""
        it says delivered but there is nothing here
        the driver claims he gave it to a neighbour and nobody has it
        tracking says handed over but i got no parcel
    """),
    "my parcel is delayed": lines("""
        my package is late what should i do first
        it should have come days ago when does that count as too late
        there has been no scan for days is that normal
    """),
    "my parcel is lost what do i do": lines("""
        nothing scanned for weeks the box is gone
        the carrier can not find my parcel any more
    """),
    "can a parcel be redirected or left with a neighbour": lines("""
        i will not be home can the driver leave it next door
        it has been shipped but i am away that day
    """),
    "delivery to a pick-up point": lines("""
        can i collect it from a parcel locker
        may my son fetch the box at the counter for me
        can it go to a shop near me instead of my home
    """),
    "i received the wrong item": lines("""
        i ordered a lantern and unpacked a dog lead
        you sent a red one and i ordered blue
        this is somebody else's parcel
    """),
    "an item is missing from my parcel": lines("""
        i paid for two and there was only one in the box
        the pegs were not in the bag
        half of it was not in there
    """),
    "how do i exchange an item for another size": lines("""
        it is the wrong colour for me can you send another one in exchange
        it does not fit can you swap it for a bigger one
    """),
    "change or add items to an order": lines("""
        i clicked the wrong size and it has not been shipped can that be corrected
        can i put another thing into an order i have placed
        is it possible to take one thing out before it goes
    """),
    "how do i start a return": lines("""
        it does not suit me what are the steps to send it back
        can things from several orders go back in one box
    """),
    "return policy, worn or used items without tags": lines("""
        i wore it outside once is it still possible to give it back
        the tags are off already am i stuck with it
        i used it can it still go back
    """),
    "items that cannot be returned": lines("""
        it was a final sale item any chance to send it back
        it has a name on it can it go back
        can a gift card be given back
    """),
    "return label and costs": lines("""
        who pays the postage when something goes back
        you kept some euros from my refund why
        do i get the postage back when everything goes back
    """),
    "how long do refunds take": lines("""
        once you have my box how quickly do you pay out
        you say it is paid but my bank does not show it
        when does a bank normally show the money
    """),
    "how long is the warranty": lines("""
        the zipper gave up after a year am i still covered
        it stopped working after some months
    """),
    "repairs and spare parts": lines("""
        i broke it myself can i buy just the part
        can this be mended by you
    """),
    "gift card validity, how long is a gift card valid": lines("""
        i was given a voucher card years ago is it still good
        until when can i use a gift card
    """),
    "can discount codes be combined": lines("""
        may i use two codes at once
        can i use my welcome code and my student one
    """),
    "my discount code does not work": lines("""
        i typed the code and it says no
        the promo is not accepted
    """),
    "price match, our own price went down": lines("""
        it is cheaper now on your own site than when i bought it
        i saw the same thing for less elsewhere
    """),
    "do you have a student discount": lines("""
        i am at university do i get anything off
    """),
    "stock, can you reserve an item": lines("""
        could you put one aside for me until payday
        can you keep it behind the counter for me
    """),
    "order confirmation missing": lines("""
        i ordered and no mail has come did it work
        the page went white after paying do i have an order
    """),
    "what does my order status mean": lines("""
        what is the difference between shipped and out for delivery
        it says placed what does that mean
    """),
    "personalised items, engraving": lines("""
        is it possible to have initials put on it
        i made a typing error in the engraving can it be corrected
    """),
    "clothing size guide, between two sizes": lines("""
        i am between m and l which one should i take
        up or down a size
    """),
    "privacy and data": lines("""
        can your staff see my card number
        what do you know and keep about people
    """),
    "how do i delete my account and my data": lines("""
        i want every bit of data about me gone
        forget me completely
    """),
    "suspicious e-mails and messages": lines("""
        i should pay two euros to release my parcel is this genuine
        my mother typed her password into a false page
    """),
    "unsubscribe from the newsletter": lines("""
        you write to me about sales all the time how do i make it stop
    """),
    "i can not sign in to my account": lines("""
        it says locked after too many tries
        i have no access to my old mailbox and can not get in
    """),
}
