"""The simulated customer: what is heard, what is done, and a deterministic one that needs no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evals.tau_bench.tasks import Instruction

GREETING = "Hi! How can I help you today?"
GO_ON = "Thank you. Please go on with the rest of what I asked for, if anything is left."


@dataclass(frozen=True)
class Heard:
    """What the customer has before them: a reply, the cards beside it, and what came of the buttons."""

    reply: str = ""
    cards: Sequence[str] = ()
    receipts: Sequence[str] = ()
    ended: bool = False  # handed over to a person


@dataclass(frozen=True)
class Move:
    """What the customer does: press the buttons (or decline), then say something, or leave."""

    text: str = ""
    press: bool = False
    decline: bool = False
    over: bool = False


@dataclass
class Spent:
    """What a model took."""

    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    failures: list[str] = field(default_factory=list[str])


class User(Protocol):
    """Whoever plays the customer."""

    spent: Spent

    async def next(self, heard: Heard) -> Move:
        """What the customer does now."""
        ...


# ------------------------------------------------------------------ without a model
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+")
WORD = re.compile(r"[a-z]{3,}")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
ORDER = re.compile(r"#?W\d{7}")
COMMON = frozenset(
    re.findall(
        r"\w+",
        "you your the and for that this with are can what which would like please any have from was will not want its"
        " but about could may should tell give let know order",
    )
)
OWN = {"your": "my", "yours": "mine", "yourself": "myself", "you": "I", "you're": "I'm", "you'd": "I'd"}
OWN |= {"you've": "I've", "you'll": "I'll"}
YOURS = re.compile(r"\b(?:you(?:'(?:re|d|ve|ll))?|your|yours|yourself)\b", re.IGNORECASE)
ME = re.compile(r"\byou\b(?=[^\w\s']|$|\s+(?:to|for|with|about|if|the|a|an|and|or|any)\b)")
TO_BE = ((r"\b[Yy]ou are\b", "I am"), (r"\b[Yy]ou were\b", "I was"), (r"\b[Yy]ou name is\b", "My name is"))
ASKING = ((r"ask you to\b", "please"), (r"ask you for\b", "I'd like"), (r"ask you\b", "tell me"))
# What is said to the one who plays, not to the shop.
STAGE = re.compile(
    r"^(?:make sure|make up|make everything|do not|don't|insist|pretend|provide|be)\b", re.IGNORECASE
)
ASIDE = re.compile(r"\s*\([^()]*\b(?:reveal|mention)\b[^()]*\)", re.IGNORECASE)
IF_ASKED = re.compile(r"^(?:but )?(?:if|when)\b[^,]*\bthe agent\b[^,]*,\s*(?:and )?", re.IGNORECASE)


def first_person(text: str) -> str:
    """An instruction as the customer would say it: "You want your order" becomes "I want my order"."""
    for before, after in TO_BE:
        text = re.sub(before, after, text)
    text = YOURS.sub(lambda m: OWN[m[0].lower()], ME.sub("me", text))
    text = re.sub(r"\bthe agent (?!does\b)(\w{3,})s\b", r"you \1", text)
    text = ASIDE.sub("", re.sub(r"\b(?:the|an) agent\b", "you", text))
    for before, after in ASKING:
        text = re.sub(rf"^(?:finally, )?{before}", after, text, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


def sentences(text: str) -> list[str]:
    """The sentences of an instruction that are for the shop to hear, in the first person."""
    found = [sentence.strip() for sentence in SENTENCE.split(text)]
    return [first_person(s) for s in found if s and not STAGE.search(s) and not IF_ASKED.match(s)]


def held_back(text: str) -> list[str]:
    """What is said only when the agent asks: "If the agent asks which, it is the blue one" becomes "It is the blue one"."""
    found = [sentence.strip() for sentence in SENTENCE.split(text) if IF_ASKED.match(sentence.strip())]
    return [first_person(IF_ASKED.sub("", sentence)) for sentence in found if not STAGE.search(sentence)]


class ScriptedUser:
    """Says the instruction sentence by sentence, answers questions from it, and presses whatever is proposed.

    It knows the instruction and nothing else. It says nothing twice, and leaves when it has nothing more to say.
    """

    def __init__(self, instruction: Instruction) -> None:
        self.spent = Spent()
        self._said: set[str] = set()
        self._rest = sentences(instruction.wish)
        self._who = first_person(instruction.known)
        self._facts = [*self._rest, *held_back(instruction.wish)]
        self._text = instruction.text

    async def next(self, heard: Heard) -> Move:
        """The first wish; then buttons, answers, and the next wish. Who they are is said when it is asked for."""
        if heard.ended:
            return Move(over=True)
        if heard.cards:
            return Move(press=True)
        if heard.receipts and not heard.reply:
            return Move(self._wish() or GO_ON)
        answer = self._answer(heard.reply) if "?" in heard.reply and self._said else ""
        text = answer or self._wish()
        self._said.add(text)
        return Move(text, over=not text)

    def _wish(self) -> str:
        """The next sentence that was not said already in answer to a question."""
        while self._rest:
            sentence = self._rest.pop(0)
            if sentence not in self._said:
                self._said.add(sentence)
                return sentence
        return ""

    def _answer(self, question: str) -> str:
        """What the instruction says to this, if it was not said before."""
        asked = question.lower()
        options = [*self._asked_for(asked), *self._alike(asked)]
        return next((option for option in options if option not in self._said), "")

    def _asked_for(self, asked: str) -> list[str]:
        """Answers to the questions every shop asks."""
        found: list[str] = []
        if "mail" in asked:
            email = EMAIL.search(self._text)
            found.append(f"My email is {email[0]}." if email else "I don't remember my email address.")
        if "name" in asked or "zip" in asked or "verify" in asked:
            found.append(self._who)
        if "order" in asked and ("number" in asked or "which" in asked or " id" in asked):
            orders = list(dict.fromkeys(ORDER.findall(self._text)))
            found.append(f"It is {' and '.join(orders)}." if orders else "I don't remember the order number.")
        if "reason" in asked or "why" in asked:
            mistake = "mistake" in self._text.lower()
            found.append("I ordered it by mistake." if mistake else "It is no longer needed.")
        return found

    def _alike(self, asked: str) -> list[str]:
        """Sentences that share words with a question, the likest first."""
        words = set(WORD.findall(asked)) - COMMON
        shared = [
            (len(words & set(WORD.findall(fact.lower()))), -n, fact) for n, fact in enumerate(self._facts)
        ]
        return [fact for count, _, fact in sorted(shared, reverse=True) if count >= 2]
