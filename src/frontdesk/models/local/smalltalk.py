"""Greetings, thanks, yes and no, and what the assistant says about itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from frontdesk.domain import Outcome
from frontdesk.models.local.catalog import Catalog
from frontdesk.models.local.dialogue import Dialogue
from frontdesk.models.local.text import plain


@dataclass(frozen=True, slots=True)
class Reply:
    """What the customer reads, how the turn ended, up to three buttons, and what is offered at the end."""

    text: str
    outcome: Outcome = Outcome.ANSWERED
    suggestions: tuple[str, ...] = ()
    offer: str = ""


_HELLO = re.compile(
    r"^(?:hi+|hello+|hey+|hey ?a|hiya|howdy|yo|good (?:morning|afternoon|evening|day)|greetings|hallo|hola|bonjour|guten tag|salut|hoi|goedendag)(?: (?:there|all|everyone|team|again|you|guys|folks|bot|friend))*$"
)
_NAMED = re.compile(
    r"^(?:(?:hi|hello|hey)[ ,]*)?(?:my name is|i am|this is|it is) ([a-z][a-z'-]+)(?: here)?$"
)
_HOW = re.compile(
    r"^(?:(?:hi|hello|hey)[ ,]*)?how are you(?: doing| today)*$|^how is it going$|^what is up$|^sup$"
)
_THANKS = re.compile(
    r"^(?:(?:ok|okay|great|perfect|cool|nice|super|lovely|awesome|good|alright|got it|wonderful|excellent|many|that is all|brilliant)[ ,]*)*(?:thanks?|thank you|cheers|appreciate it|much appreciated|merci|danke|gracias|bedankt)\b(?:[ ,][^0-9]{0,40})?$"
)
_PRAISE = re.compile(
    r"^(?:(?:ok|okay|great|perfect|cool|nice|super|lovely|awesome|good|alright|got it|wonderful|excellent|brilliant|fine|i see|understood|hmm|good to know|that (?:is|was) (?:great|all|it|helpful|perfect)|you are (?:great|helpful|awesome))[ ,.!]*)+$"
)
_BYE = re.compile(
    r"^(?:(?:ok|okay|thanks|thank you)[ ,]*)*(?:bye+|goodbye|good bye|see (?:you|ya)|have a (?:nice|good|great) (?:day|one|evening|weekend)|ciao|cya|cu|later|tschüss|good night)(?: .{0,20})?$"
)
BOT_QUESTION = re.compile(
    r"\b(?:are|r) you (?:a |an |really |even |just )*(?:bot|robot|human|real|machine|ai|person|chatbot|computer|alive|chatgpt)\b|^who are you|am i (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:real |actual |live )?(?:bot|robot|human|real|machine|ai|person)|^what are you$"
)
_CAN = re.compile(
    r"^(?:what|how) can you (?:do|help)(?: .*)?$|^what are you able to do(?: .*)?$|^what (?:kind of )?(?:things|questions) can (?:you|i) .*$|^what do you do$|^(?:help|help me|i need help|can you help(?: me)?|menu|what are my options|what can i ask(?: you)?)$|^(?:i have|got) a (?:question|problem)$"
)
_YES = re.compile(
    r"^(?:yes|yeah|yep|yup|sure|ok|okay|please|please do|go ahead|do (?:it|that|so)|y|that would be (?:great|nice|good|lovely)|sounds good|of course|absolutely|definitely|correct|right|confirmed|i confirm|ja|oui|sí|si|genau|gerne|claro|vale|d'accord|je confirme|ich bestätige|confirmo)(?:[ ,]+(?:please|i confirm|je confirme|ich bestätige|lo confirmo|confirmo|gerne|s'il (?:vous|te) plaît|por favor|graag|alstublieft|thanks|thank you|do|do that|do it|go ahead|open (?:a|the) ticket|that would be (?:great|nice)|bitte))*$"
)
_NO = re.compile(
    r"^(?:no|nope|nah|(?:no |oh )*wait|hold on|no need|not now|not really|never mind|nevermind|forget it|leave it|it is fine|that is fine|nein|non)(?:[ ,]+(?:thanks|thank you|that is (?:all|fine|ok|it)|it is (?:fine|ok|okay)|leave it|i am (?:good|fine)|never mind|danke|not needed))*$"
)

OFFER = re.compile(r"(?:ticket|colleague)[^?]*\?\s*$|\bor I can pass this to a colleague\.\s*$")


def bare(message: str) -> str:
    """The message without punctuation, for what is said in so few words."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w ,'-]+", " ", plain(message))).strip(" ,")


def says_yes(message: str) -> bool:
    """ "Yes please" and its like, nothing else."""
    return bool(_YES.match(bare(message)))


def says_no(message: str) -> bool:
    """ "No thanks" and its like, nothing else."""
    return bool(_NO.match(bare(message)))


_FILLER = re.compile(
    r"^(?:why|what|huh|h+m+|uh+m*|er+m*|hurry(?: up)?|quick(?:ly)?|come on|please|asap|soon|help)?$"
)


def answers_nothing(message: str) -> bool:
    """ "Hi", "ok", "hurry up", "??": no answer to a question for words."""
    text = bare(message)
    return bool(_HELLO.match(text) or _FILLER.match(text)) or says_yes(message)


def takes_leave(message: str) -> bool:
    """ "Thanks" and "bye", nothing else."""
    text = bare(message)
    return bool(_THANKS.match(text) or _BYE.match(text))


def offered(dialogue: Dialogue) -> str:
    """What the last reply offered: "ticket", "person" or ""."""
    if not OFFER.search(dialogue.last.reply):
        return ""
    return "ticket" if "ticket" in dialogue.last.reply.rsplit(".", 1)[-1] else "person"


# Of somebody who waits, each of these asks where the person is.
_STILL_WAITING = re.compile(
    r"^(?:(?:hi+|hello+|hey+|ok|okay|so|and|please)[ ,]*)*"
    r"(?:(?:is )?(?:any|some)(?:one|body)(?: (?:is|even|still|here|there|coming|home|around))*"
    r"|are you (?:still )?(?:there|here)|any (?:news|updates?)|(?:i am )?still waiting)?"
    r"(?: (?:yet|now|please|there|or what))*$"
)


def still_waits(message: str) -> bool:
    """ "Hello??", "anyone?", "any news": whether a message says no more than that its writer waits."""
    text = bare(message)
    return bool(text) and not says_yes(message) and bool(_STILL_WAITING.match(text))


def small_talk(dialogue: Dialogue, catalog: Catalog) -> Reply | None:
    """A reply where nothing is asked of the shop; None for everything else."""
    text = bare(dialogue.message)
    if not text:
        return Reply("How can I help you?", Outcome.ASKED)
    if BOT_QUESTION.search(text):
        return Reply(
            f"I'm an AI assistant{_of(dialogue)}, not a person. If you'd rather talk to a person, just say so.",
            suggestions=("Talk to a person",),
        )
    if _CAN.match(text):
        return Reply(capabilities(dialogue, catalog))
    named = _NAMED.match(text)
    if (
        named
        and len(text.split()) <= 6
        and named[1] not in _NO_NAMES
        and _is_name(named[1], dialogue.message)
    ):
        return Reply(f"Nice to meet you, {named[1].title()}! How can I help you?")
    return _polite(dialogue, text)


_COMMON = "still so not very really late waiting here done good fine sorry lost angry a an the sad happy urgent confused looking"
_NO_NAMES = frozenset(_COMMON.split())


def _is_name(word: str, message: str) -> bool:
    """ "my name is kim", "I'm Kim"; not "this is rubbish"."""
    return bool(re.search(r"\bname\b", message.lower())) or word.title() in message


def _polite(dialogue: Dialogue, text: str) -> Reply | None:
    if _HELLO.match(text) or _HOW.match(text):
        name = dialogue.facts.get("name")
        hello = f"Hello {name}!" if name else "Hello!"
        return Reply(
            f"{hello} {'I am doing fine, thank you. ' if _HOW.match(text) else ''}How can I help you today?".replace(
                "I am", "I'm"
            )
        )
    if _BYE.match(text):
        return Reply("Goodbye, and have a nice day!")
    if _THANKS.match(text) and not re.search(r"\b(?:but|where|when|how|what|can)\b", text):
        return Reply("You're welcome! Is there anything else I can help you with?")
    if says_no(dialogue.message):
        if any(isinstance(c.result, dict) and "proposed" in c.result for c in dialogue.last.calls):
            return Reply("All right. Nothing is changed unless you confirm it with the button.")
        return Reply("All right. If you need anything else, just ask.")
    if says_yes(dialogue.message) and not offered(dialogue):
        return Reply("Sure, what can I do for you?", Outcome.ASKED)
    if _PRAISE.match(text):
        return Reply("Glad to hear it. Is there anything else I can help you with?")
    return None


_GREETS = re.compile(
    r"^(?:hi+|hello|hey|good (?:morning|afternoon|evening|day)|namaste|hoi|hallo|hola|bonjour|moin|g'day)\b|\bhello\b"
)
_LEAVES = re.compile(
    r"\b(?:bye|goodbye|have a (?:\w+ )?(?:weekend|day|evening|night|one)|good night|see you|regards|das war's|take care)\b"
)
_THANKED = re.compile(
    r"\b(?:thank\w*|ta|tysm|cheers|obliged|appreciate\w*|danke|merci|gracias|bedankt|kind|star|legend|grand|helped|brilliant|lovely|great)\b"
)


def pleasantry(dialogue: Dialogue) -> Reply:
    """A friendly word for talk that no pattern knows."""
    text = bare(dialogue.message)
    if _THANKED.search(text):
        bye = " Have a nice day!" if _LEAVES.search(text) else " Is there anything else I can help you with?"
        return Reply(f"You're welcome!{bye}")
    if _LEAVES.search(text):
        return Reply("Goodbye, and have a nice day!")
    if _GREETS.search(text):
        return Reply("Hello! How can I help you today?")
    return Reply("All right. Is there anything I can help you with?")


def _of(dialogue: Dialogue) -> str:
    return f" for {dialogue.desk}" if dialogue.desk else ""


def capabilities(dialogue: Dialogue, catalog: Catalog) -> str:
    """What this desk's tools can do, in the words of their descriptions."""
    lines = [f"- {_first_sentence(entry.description)}" for entry in catalog.own() if not entry.grant.changes][
        :6
    ]
    deeds = [entry.name.replace("_", " ") for entry in catalog.own() if entry.grant.confirm][:8]
    asked = f"When you confirm it with a button I can also: {', '.join(deeds)}.\n\n" if deeds else ""
    reads = "I answer questions from our help center, and " if catalog.bound("search_knowledge") else ""
    more = f"{asked}{reads}I can pass you to a colleague."
    if not lines:
        return f"I'm the AI assistant{_of(dialogue)}. {more}"
    return (
        f"I'm the AI assistant{_of(dialogue)}. I can look these up for you:\n"
        + "\n".join(lines)
        + f"\n\n{more}"
    )


def _first_sentence(text: str) -> str:
    first = re.split(r"(?<=[.!?])\s|\n", text.strip())[0].rstrip(".")
    plain_words = (
        first.replace("the customer's", "your")
        .replace("a customer's", "your")
        .replace("The customer's", "Your")
    )
    return plain_words[:1].upper() + plain_words[1:]
