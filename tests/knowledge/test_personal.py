"""What is taken out of texts before they are kept or published, and what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.knowledge.personal import BLANKS, personal_left, without_personal


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I'm Jane Doe and I want a tent", "I'm [name] and I want a tent"),
        ("I’m Jane Doe.", "I’m [name]."),
        ("I am Jane van Dyk-O'Neil", "I am Jane van Dyk-O'Neil"),  # one capital only: "I am British"
        ("My name is jane doe and i like it", "My name is [name] and i like it"),
        ("my name's jane, hello", "my name's [name], hello"),
        ("Ich heiße Jörg Müller.", "Ich heiße [name]."),
        ("Me llamo ana garcía y busco", "Me llamo [name] y busco"),
        ("Je m’appelle Zoé", "Je m’appelle [name]"),
        ("Name: Jane Doe", "Name: [name]"),
        ("This is Tom from sales", "This is [name] from sales"),
        ("Tell Mr. Smith so", "Tell Mr. [name] so"),
        ("Dear Ms Doe,\nyes.", "Dear Ms [name],\nyes."),
        ("dear jane, yes", "dear [name], yes"),
        ("Hallo Jörg!\nJa.", "Hallo [name]!\nJa."),
        ("Yes we do. Best, Tom", "Yes we do. Best, [name]"),
        ("We do.\nBest,\nTom\nShop", "We do.\nBest,\n[name]\nShop"),
        ("We do. Kind regards\nTom Miller", "We do. Kind regards\n[name]"),
    ],
)
def test_a_name_is_taken_out_where_the_words_around_it_say_that_it_is_one(text: str, left: str) -> None:
    assert without_personal(text) == left
    assert personal_left(text) == (["somebody's name"] if "[name]" in left else [])


@pytest.mark.parametrize(
    "date",
    [
        "born 3 May 1980",
        "Born on the 3rd of May, 1980",
        "born in 1980",
        "DOB 1980-05-03",
        "D.O.B: 03/05/1980",
        "date of birth is May 3, 1980",
        "birthday: 3.5.80",
        "geboren am 3. Mai 1980",
        "Geburtsdatum: 03.05.1980",
        "nacida el 3 de mayo de 1980",
        "née le 3 mai 1980",
    ],
)
def test_a_date_of_birth_is_taken_out(date: str) -> None:
    clean = without_personal(f"She is {date}")
    assert clean.endswith("[date]")
    assert not any(character.isdigit() for character in clean)
    assert personal_left(date) == ["a date of birth"]


@pytest.mark.parametrize(
    "street",
    [
        "12 High Street",
        "12 high street",
        "221b Baker St",
        "4 Privet Drive",
        "7, Station Road",
        "Hauptstraße 5",
        "hauptstrasse 5",
        "Berliner Str. 12a",
        "Lindenweg 7b",
        "Alter Platz 3",
        "5 rue de la Paix",
        "12 bis avenue Foch",
        "3, place de la République",
        "Calle de Alcalá, 42",
        "Avenida Diagonal 211",
    ],
)
def test_a_street_with_a_number_is_taken_out(street: str) -> None:
    assert without_personal(f"send it: {street}; thx") == "send it: [address]; thx"
    assert personal_left(street) == ["a postal address"]


@pytest.mark.parametrize(
    "text",
    [
        "I'm looking for the Alpine 2 tent, I am in New York",
        "I am VAT registered",
        "My name is not on the parcel",
        "Product name: Alpine 2",
        "Hi Team, do you rent? Hello there! Dear customer, yes.",
        "Thanks in advance. Thank you, Team",
        "14 days by the way, 3 people in a row, a 28 inch road bike, 2 cars per street",
        "Our spring sale: Spring 2026, from 3 May 2026 to 2026-05-10",
        "A birthday present from 2024. A parcel to Norway takes 5 days.",
        "Solo hay una plaza libre",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert without_personal(text) == text
    assert personal_left(text) == []


@given(st.text())
def test_no_text_makes_it_raise_and_blanks_stay_blanks(text: str) -> None:
    clean = without_personal(text)
    assert len(BLANKS.findall(without_personal(clean))) >= len(BLANKS.findall(clean))
