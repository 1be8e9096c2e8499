"""Word lists: shorthand, slips of the finger, stop words, and the shop words of four more languages."""

from __future__ import annotations

SHORTHAND = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "plss": "please", "thx": "thanks", "ty": "thanks",
    "w": "with", "n": "and", "b4": "before", "smth": "something", "sth": "something", "some1": "someone",
    "wheres": "where is", "whats": "what is", "hows": "how is", "whens": "when is", "whos": "who is",
    "thats": "that is", "aint": "is not", "gimme": "give me", "lemme": "let me", "wanna": "want to", "gonna": "going to",
    "gotta": "have to", "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not", "wont": "will not",
    "isnt": "is not", "hasnt": "has not", "havent": "have not", "im": "i am", "ive": "i have", "id": "id",
    "youve": "you have", "ppl": "people", "msg": "message", "acc": "account", "acct": "account", "addy": "address",
    "goin": "going", "bout": "about", "cuz": "because", "coz": "because", "tho": "though", "ya": "you",
    "yall": "you", "ord": "order", "ordr": "order", "cust": "customer", "num": "number", "rn": "right now",
    "asap": "soon", "eta": "eta", "wtf": "what the hell", "tmrw": "tomorrow", "2day": "today", "hw": "homework",
}  # fmt: skip

TYPOS = {
    "oder": "order", "cna": "can", "teh": "the", "hte": "the", "waht": "what", "adn": "and", "taht": "that", "hwo": "how", "whne": "when", "yuo": "you", "polcy": "policy", "retrn": "return", "jaket": "jacket", "odrer": "order", "ordre": "order", "orer": "order", "oders": "orders", "orde": "order",
    "adress": "address", "addres": "address", "adres": "address", "speek": "speak", "artcle": "article", "trak": "track",
    "represntative": "representative", "representitive": "representative", "reimbursment": "reimbursement",
    "parcle": "parcel", "pacel": "parcel", "packge": "package", "recieve": "receive", "recieved": "received", "recived": "received",
    "refound": "refund", "refun": "refund", "cancle": "cancel", "canel": "cancel", "shiped": "shipped", "shipd": "shipped",
    "delivry": "delivery", "dilivery": "delivery", "delievery": "delivery", "arived": "arrived", "arive": "arrive",
    "wher": "where", "were's": "where is", "wen": "when", "stauts": "status", "staus": "status", "statsu": "status",
    "payed": "paid", "moeny": "money", "mony": "money", "retrun": "return", "retun": "return", "emial": "email",
    "humen": "human", "hooman": "human", "agnet": "agent", "persn": "person", "compalint": "complaint", "pasword": "password",
}  # fmt: skip

_DOMAIN = """
order orders parcel parcels package packages delivery delivered deliver shipped shipping shipment dispatched
    tracking carrier courier arrive arrived status refund refunds refunded reimbursement return returns returned
    payment payments charged charge paid invoice receipt address account password email e-mail cancel cancelled
    cancellation voucher discount gift warranty guarantee complaint ticket human agent representative person
    customer support purchase purchases exchange replacement damaged broken money expected phone profile
    subscription appointment booking policy policies
"""
DOMAIN = frozenset(_DOMAIN.split())

_STOPWORDS = """
a an the and or but if so of to in on at by for from with without about as into over after before then than
    i me my mine we us our you your he she it its his her they them their this that these those there here
    is are was were be been being am do does did done have has had having can could will would shall should may might must
    not no yes ok okay please thanks thank hi hello hey what which who whom whose when where why how
    just only also too very really still yet already again now any some all both each more most other such own same
    up down out off get got go going know tell let want need like would one ones thing things something anything
    give show see look check say said because though while until since today tomorrow
"""
STOPWORDS = frozenset(_STOPWORDS.split())

_DE = (
    "ich ist wo mein meine meiner meinen wann wie die der das und nicht kann bestellung paket haben habe bitte sie mir ein eine "
    "einen wird möchte noch mit für auf danke hallo was geld zurück guten tag kommt wurde storniere stornieren auf dem"
)
_FR = (
    "je est où ma mon mes commande colis quand le la les et pas puis vous avez bonjour merci comment un une des pour "
    "avec remboursement livraison suis voudrais peux s'il plaît votre quel quelle ou en de du ne retourner"
)
_ES = (
    "dónde donde está esta mi mis pedido paquete cuándo cuando el la los y no puedo quiero hola gracias cómo como un una "
    "para con reembolso envío por favor dinero qué ha llegado tengo de devolver"
)
_NL = (
    "ik is waar mijn bestelling pakket pakje wanneer hoe de het en niet kan heb een voor met graag bedankt hallo wat geld "
    "terug retour komt mag jullie u dag aan nog op annuleren"
)

FOREIGN = {
    "de": (
        frozenset(_DE.split()),
        {
            "wo": "where", "ist": "is", "mein": "my", "meine": "my", "meiner": "my", "bestellung": "order", "bestellungen": "orders",
            "paket": "parcel", "wann": "when", "kommt": "arrives", "status": "status", "von": "of", "erstattung": "refund",
            "rückerstattung": "refund", "geld": "money", "zurück": "back", "zurückgeben": "return", "rücksendung": "return",
            "stornieren": "cancel", "erstattet": "refund", "erstatten": "refund", "mir": "me", "bitte": "please", "schickt": "send", "schicken": "send", "zuschicken": "send", "zusenden": "send", "nochmal": "again", "könnt": "can", "ihr": "you", "storniere": "cancel", "kann": "can", "ich": "i", "wie": "how", "zahlung": "payment",
            "lieferung": "delivery", "adresse": "address", "ändern": "change", "passwort": "password", "vergessen": "forgot",
            "rechnung": "invoice", "versand": "shipping", "kostet": "costs", "mensch": "human", "menschen": "human",
            "mitarbeiter": "agent", "sprechen": "speak to a", "mit": "with", "alle": "all", "zeigen": "show", "gutschein": "voucher",
            "garantie": "warranty", "möchte": "want", "will": "want", "einem": "a", "einen": "a", "der": "the", "die": "the", "das": "the", "und": "and", "nicht": "not", "wird": "will",
            "geliefert": "delivered", "verschickt": "shipped", "versendet": "shipped",
        },
    ),
    "fr": (
        frozenset(_FR.split()),
        {
            "où": "where", "est": "is", "ma": "my", "mon": "my", "mes": "my", "commande": "order", "commandes": "orders",
            "colis": "parcel", "quand": "when", "arrive": "arrives", "arrivera": "will arrive", "remboursement": "refund", "argent": "money",
            "retourner": "to return", "retour": "return", "annuler": "cancel", "oublié": "forgot", "envoyez": "send", "lien": "link", "rembourser": "refund", "remboursez": "refund", "comment": "how do i", "puis": "can", "je": "i",
            "paiement": "payment", "livraison": "delivery", "adresse": "address", "changer": "change", "mot de passe": "password",
            "facture": "invoice", "humain": "human", "conseiller": "agent", "parler": "speak to", "voudrais": "want", "veux": "want", "un": "a", "une": "a", "article": "item", "toutes": "all", "garantie": "warranty",
        },
    ),
    "es": (
        frozenset(_ES.split()),
        {
            "dónde": "where", "donde": "where", "está": "is", "esta": "is", "mi": "my", "mis": "my", "pedido": "order",
            "pedidos": "orders", "paquete": "parcel", "cuándo": "when", "cuando": "when", "llega": "arrives", "llegará": "will arrive",
            "reembolso": "refund", "dinero": "money", "devolver": "return", "devolución": "return", "cancelar": "cancel", "cancelen": "cancel", "cancele": "cancel", "cancela": "cancel", "anulen": "cancel", "anular": "cancel", "reembolsos": "refund", "envíen": "send", "enviar": "send", "pendiente": "pending", "tengo": "do i have", "quiero": "i want to", "quisiera": "i want to",
            "cómo": "how", "puedo": "can i", "pago": "payment", "envío": "shipping", "dirección": "address", "cambiar": "change",
            "contraseña": "password", "factura": "invoice", "persona": "person", "hablar": "speak to a", "todos": "all", "garantía": "warranty",
        },
    ),
    "nl": (
        frozenset(_NL.split()),
        {
            "waar": "where", "is": "is", "mijn": "my", "bestelling": "order", "bestellingen": "orders", "pakket": "parcel",
            "pakje": "parcel", "wanneer": "when", "komt": "arrives", "terugbetaling": "refund", "geld": "money", "terug": "back",
            "retourneren": "return", "retour": "return", "annuleren": "cancel", "hoe": "how", "kan": "can", "ik": "i", "wil": "want",
            "betaling": "payment", "levering": "delivery", "adres": "address", "wijzigen": "change", "wachtwoord": "password",
            "factuur": "invoice", "mens": "human", "medewerker": "agent", "spreken": "speak to a", "alle": "all", "garantie": "warranty",
        },
    ),
}  # fmt: skip
