"""Invented customers. Every e-mail address is at a reserved domain."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class Home:
    """An address."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A user and where they live; the first home is the default."""

    id: str
    name: str
    email: str
    phone: str
    locale: str
    created_at: datetime
    homes: tuple[Home, ...]


@dataclass(frozen=True, slots=True)
class _Region:
    locale: str
    country: str
    dial: str
    first: str
    last: str
    streets: str
    places: str
    number_first: bool = False


# Places are "postal code pattern|city": # is a digit, @ a letter.
_REGIONS = (
    _Region(
        "nl-NL",
        "NL",
        "+31 20 555 0",
        "Sanne Daan Lotte Bram Fleur Sem Noor Thijs Iris Ruben Femke Jesse",
        "Visser,de Jong,Bakker,van Dijk,Smit,Meijer,Mulder,Bos,Vos,Peters,Dekker,Kuipers",
        "Kerkstraat,Lindenlaan,Havenweg,Molenpad,Prinsengracht,Dorpsstraat,Beukenhof",
        "10## @@|Amsterdam,35## @@|Utrecht,30## @@|Rotterdam,97## @@|Groningen,56## @@|Eindhoven",
    ),
    _Region(
        "nl-BE",
        "BE",
        "+32 2 555 0",
        "Elise Wout Marie Lars Jolien Stijn Amber Pieter",
        "Peeters,Janssens,Maes,Jacobs,Willems,Claes,Goossens,Wouters",
        "Stationsstraat,Nieuwstraat,Veldstraat,Groenlaan,Markt",
        "1###|Brussel,2###|Antwerpen,9###|Gent,3###|Leuven",
    ),
    _Region(
        "de-DE",
        "DE",
        "+49 30 555 0",
        "Lena Jonas Hannah Felix Mia Lukas Emilia Moritz Clara Anton",
        "Müller,Schmidt,Fischer,Weber,Wagner,Becker,Hoffmann,Schäfer,Koch,Richter",
        "Hauptstraße,Gartenweg,Lindenstraße,Bergstraße,Mühlenweg,Schillerplatz",
        "10###|Berlin,20###|Hamburg,50###|Köln,80###|München,04###|Leipzig",
    ),
    _Region(
        "fr-FR",
        "FR",
        "+33 1 99 00 0",
        "Camille Louis Chloé Hugo Manon Jules Inès Théo",
        "Martin,Bernard,Dubois,Moreau,Laurent,Girard,Fournier,Lefèvre",
        "rue des Lilas,avenue Victor Hugo,rue du Moulin,place de la République,rue Pasteur",
        "750##|Paris,690##|Lyon,330##|Bordeaux,350##|Rennes",
        True,
    ),
    _Region(
        "es-ES",
        "ES",
        "+34 910 55 0",
        "Lucía Pablo Carmen Álvaro Marta Diego",
        "García,Fernández,López,Sánchez,Romero,Navarro",
        "Calle Mayor,Calle del Sol,Avenida del Puerto,Plaza Nueva",
        "280##|Madrid,080##|Barcelona,460##|Valencia",
    ),
    _Region(
        "it-IT",
        "IT",
        "+39 06 555 0",
        "Giulia Matteo Chiara Lorenzo Elena Davide",
        "Rossi,Bianchi,Ferrari,Romano,Greco,Conti",
        "Via Roma,Via Garibaldi,Corso Italia,Via dei Mille",
        "001##|Roma,201##|Milano,501##|Firenze",
    ),
    _Region(
        "sv-SE",
        "SE",
        "+46 8 555 0",
        "Astrid Erik Maja Oskar Elsa Nils",
        "Andersson,Johansson,Lindqvist,Nyström,Bergman,Ek",
        "Storgatan,Björkvägen,Skolgatan,Ängsvägen",
        "11# ##|Stockholm,41# ##|Göteborg,21# ##|Malmö",
    ),
    _Region(
        "en-IE",
        "IE",
        "+353 1 555 0",
        "Aoife Cian Niamh Oisín Saoirse Declan",
        "Murphy,Kelly,Byrne,Doyle,Nolan,Keane",
        "Harbour Road,Abbey Street,Castle View,Mill Lane",
        "D0# @#@#|Dublin,T12 @#@#|Cork,H91 @#@#|Galway",
        True,
    ),
    _Region(
        "en-GB",
        "GB",
        "+44 20 7946 0",
        "Amelia Oliver Isla Harry Priya Callum Zara Tomos",
        "Okafor,Taylor,Hughes,Patel,Campbell,Wright,Evans,Khan",
        "Station Road,Church Lane,Victoria Terrace,Orchard Close,Mill Street",
        "E# #@@|London,M# #@@|Manchester,BS# #@@|Bristol,EH# #@@|Edinburgh",
        True,
    ),
    _Region(
        "nb-NO",
        "NO",
        "+47 21 55 0",
        "Ingrid Sondre Nora Magnus Solveig Henrik",
        "Hansen,Johansen,Haugen,Dahl,Lunde,Strand",
        "Fjellveien,Storgata,Sjøgata,Skogveien",
        "01##|Oslo,50##|Bergen,70##|Trondheim",
    ),
    _Region(
        "de-CH",
        "CH",
        "+41 44 555 0",
        "Nina Reto Laura Urs Seraina Beat",
        "Meier,Keller,Huber,Brunner,Baumann,Frei",
        "Bahnhofstrasse,Seeweg,Dorfstrasse,Rosenweg",
        "80##|Zürich,30##|Bern,40##|Basel",
    ),
    _Region(
        "en-US",
        "US",
        "+1 212 555 0",
        "Grace Ethan Maya Logan Harper Mateo Naomi Caleb",
        "Nguyen,Brooks,Ramirez,Foster,Coleman,Reyes,Sullivan,Park",
        "Maple Avenue,Oak Street,Lakeview Drive,Cedar Lane",
        "100##|New York NY,972##|Portland OR,802##|Denver CO,021##|Boston MA",
        True,
    ),
    _Region(
        "en-CA",
        "CA",
        "+1 416 555 0",
        "Hannah Liam Zoe Noah Claire Owen",
        "Tremblay,Macdonald,Singh,Leblanc,Fraser,Chen",
        "Birch Street,King Street West,Riverside Drive,Elm Crescent",
        "M#@ #@#|Toronto ON,V#@ #@#|Vancouver BC,H#@ #@#|Montréal QC",
        True,
    ),
)
_WEIGHTS = (40, 12, 18, 6, 3, 3, 3, 2, 6, 2, 2, 2, 1)
_DOMAINS = ("example.com", "example.org", "example.net")
_LETTERS = "ABCDEFGHJKLNPRSTVWXZ"
_FIRST_DAY = datetime(2019, 3, 1, tzinfo=UTC)
_DAYS = 1700


def make_customers(rng: Random, count: int, fixed: tuple[Customer, ...]) -> list[Customer]:
    """`count` customers with ids from u100 on; the fixed ones keep theirs."""
    known = {customer.id: customer for customer in fixed}
    taken = {customer.email for customer in fixed}
    return [
        known.get(f"u{number}") or _customer(rng, f"u{number}", taken) for number in range(100, 100 + count)
    ]


def _customer(rng: Random, user_id: str, taken: set[str]) -> Customer:
    region = rng.choices(_REGIONS, _WEIGHTS)[0]
    name = f"{rng.choice(region.first.split())} {rng.choice(region.last.split(','))}"
    created = _FIRST_DAY + timedelta(days=rng.randrange(_DAYS), seconds=rng.randrange(6 * 3600, 22 * 3600))
    homes = [_home(rng, region, name)]
    if rng.random() < 0.3:
        homes.append(_home(rng, region, name))
    return Customer(
        id=user_id,
        name=name,
        email=_email(rng, name, taken),
        phone=f"{region.dial}{rng.randrange(100, 1000)}",
        locale=region.locale,
        created_at=created,
        homes=tuple(homes),
    )


def _home(rng: Random, region: _Region, name: str) -> Home:
    pattern, city = rng.choice(region.places.split(",")).split("|")
    swap = {"#": "123456789", "@": _LETTERS}
    postal_code = "".join(rng.choice(swap[sign]) if sign in swap else sign for sign in pattern)
    street, number = rng.choice(region.streets.split(",")), rng.randrange(1, 180)
    where = f"{number} {street}" if region.number_first else f"{street} {number}"
    return Home(name, where, postal_code, city, region.country)


def _email(rng: Random, name: str, taken: set[str]) -> str:
    plain = (
        unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o"))
        .encode("ascii", "ignore")
        .decode()
    )
    base, domain = plain.lower().replace(" ", "."), rng.choice(_DOMAINS)
    email, number = f"{base}@{domain}", 2
    while email in taken:
        email, number = f"{base}{number}@{domain}", number + 1
    taken.add(email)
    return email
