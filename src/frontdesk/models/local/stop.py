"""When the local model stops and a person takes over: a wish for one, anger, danger, law, repeated failure."""

from __future__ import annotations

import re

from frontdesk.models.local.dialogue import Dialogue
from frontdesk.models.local.features import POLICY, wanted, without_courtesy
from frontdesk.models.local.smalltalk import BOT_QUESTION, bare
from frontdesk.models.local.text import plain

SOMEBODY = r"(?:human|humans|person|people|agent|representative|rep|operator|advis[eo]r|manager|supervisor|boss|staff(?: member)?|employee|colleague|member of (?:staff|your team)|team member|customer (?:service|support|care)|service desk|live (?:chat|support)|being|soul|support (?:staff|team|agent))"
_WISH = re.compile(
    rf"\b(?:talk|speak|chat|connect|transfer|forward|escalate|put (?:me|us|this|it))\b.{{0,35}}\b(?:{SOMEBODY}|someone|somebody|anyone|anybody)\b"
    rf"|\b(?:get|give|want|need|send me|reach|find|prefer|fetch|let me have|contact|bring|would like|is there|are there)\b.{{0,25}}\b(?:real|actual|live|proper|human|a|an|any|your|to|with) (?:\w+ )?{SOMEBODY}\b(?! (?:code|number|name|discount))"
    rf"|\b(?:real|actual|live|human) (?:human|person|people|agent|being|support|one)\b|(?:^|[.!?] )(?:please |a |an |the )*{SOMEBODY}(?: please| now| pls|[!. ])*$|\bsomebody with a pulse\b|\bget me (?:someone|somebody|anyone)\b|\bcall me back\b|\bescalate\b|\ba word with\b|\bhand (?:me|this) over\b"
    r"|\b(?:someone|somebody|anyone) (?:real|there|human|in charge|alive|responsible)\b|\b(?:stop|enough|no more|not|sick of|hate).{0,20}\b(?:bot|robot|chatbot|machine)s?\b|\b(?:give|get) me (?:\w+ )?(?:human|representative|agent|staff|supervisor|manager|operator|support)\b|\ban? (?:human|person|representative|agent)(?: please| now|[!.]*$)|^talk to a person$|\b(?:transfer|connect) me\b|\bdone with (?:this|the|you)\b"
)
_LEGAL = re.compile(
    r"\b(?:lawyers?|attorney|solicitor|sue|suing|legal action|small claims|(?:to|in) court|ombudsman|trading standards|press charges|consumer protection (?:agency|office))\b"
)
_SAFETY = re.compile(
    r"\b(?:caught fire|on fire|in flames|explod\w+|smok(?:e|ing)\b(?! detector| alarm| (?:on|in|at|inside|outside|indoors|allowed|permitted|forbidden|area|zone|room|policy)\b)(?<!non-smoking)|sparks|electric shock|electrocuted|injur\w+|burn(?:ed|t) (?:my|me|the|a|his|her)|melted|allergic reaction|got hurt|hurt (?:me|my|himself|herself)|poison\w*|dangerous|safety hazard)\b"
)
_FRAUD = re.compile(
    r"\b(?:fraud(?:ster|ulent\w*)|(?:report|reporting|victim of|suspect\w*|this is|it is|looks like|committed|smells (?:like|of)|think|is there|possible|card|case of|been) (?:an? |some |any |there is |it is |this is )*fraud\b|fraud (?:on|with|in) my|without (?:my )?permission|hacked|stolen (?:card|identity)|unauthori[sz]ed|identity theft|(?:someone|somebody) (?:else )?(?:has |is )?(?:used|using|ordered|logged|got into|hacked|accessed)|(?:did not|never) (?:make|made|place|placed) (?:this|that|these|any) (?:order|purchase|payment|charge)s?|never ordered)\b|\b(?:did not|never) order (?:order )?(?:number )?#?\w*\d|^fraud\b(?! (?:protection|prevention|policy|check|alert))"
)
_GENERAL = re.compile(
    r"^(?:what|how|which|who|where|why|is there|are there|do you|does)\b(?!.*\b(?:my|me|i)\b)"
)
_FURY = re.compile(
    r"\b(?:fuck\w*|bullshit|shit|bastards?|(?<!some )idiots?|morons?|thieves|crooks|liars?|scammers?|go to hell|piss\w*)\b"
)
_CROSS = re.compile(
    r"\b(?:ridiculous|unacceptable|outrageous|disgrac\w+|disgusting|pathetic|furious|angry|useless|worst|terrible|horrible|awful|a joke|sick of|fed up|had enough|incompetent|appalling|livid|never again|waste of time|rip ?off|what the hell|the hell)\b"
)
_BOT = re.compile(r"\b(?:bot|robot|chatbot|machine|ai|you are)\b")
TICKET = re.compile(
    r"\b(?:open|create|file|log|raise|submit|make|start|register|lodge|write|put in|record|leave)\b.{0,25}\b(?:tickets?|complaints?|case|issue|report|claim)\b|\bformal complaint\b|\bi (?:want|need|would like|wish) to complain\b|\bcomplain about\b|\ba ticket\b|^ticket\b"
)


_COUNTED = re.compile(
    r"\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|how many|for one) (?:people|persons?|staff)\b"
)


def reason_to_stop(dialogue: Dialogue) -> str:
    """A domain.HandoffReason, or "" when there is none in this message."""
    whole = _COUNTED.sub("guests", plain(dialogue.message))
    text = wanted(whole)
    if _SAFETY.search(whole) and not POLICY.search(without_courtesy(text)):
        return "safety"
    if _LEGAL.search(text):
        return "legal"
    if _FRAUD.search(whole) and not (
        POLICY.search(without_courtesy(text)) or _GENERAL.match(without_courtesy(text))
    ):
        return "safety"
    if _WISH.search(text) and not TICKET.search(text) and not BOT_QUESTION.search(bare(dialogue.message)):
        return "customer_wish"
    cross = len(set(_CROSS.findall(text)))
    if _FURY.search(text) or cross >= 2 or (cross and _BOT.search(text)):
        return "anger"
    return ""


def asks_for_ticket(message: str) -> bool:
    """Whether the customer wants a ticket opened, rather than to know how that is done."""
    text = wanted(plain(message))
    return bool(TICKET.search(text)) and not re.match(
        r"(?:how|where|what|why|do you)\b", without_courtesy(text)
    )


def summary(dialogue: Dialogue) -> str:
    """What a colleague should know, in the customer's own words: the last messages, oldest first."""
    said = [turn.message for turn in dialogue.past[-3:]] + [dialogue.message]
    return "\n".join(f"Customer: {' '.join(text.split())[:500]}" for text in said)


def ticket_words(dialogue: Dialogue) -> str:
    """What a ticket would be about, in the customer's own words; "" when nothing is known."""
    about = _BARE_TICKET.sub(" ", plain(dialogue.message))
    if len([w for w in about.split() if len(w) > 2]) >= 2:
        return dialogue.message
    for turn in reversed(dialogue.past[-3:]):
        if len(turn.message.split()) >= 3 and not _BARE.match(plain(turn.message)):
            return turn.message
    return ""


_BARE = re.compile(r"^(?:yes|no|ok|okay|sure|please|thanks|thank you|hi|hello|hey)\b[\w ,.!]{0,12}$")
_BARE_TICKET = re.compile(
    r"\b(?:please|can|could|you|i|want|need|would|like|to|open|create|file|log|raise|submit|make|start|register|lodge|write|put|in|record|a|an|the|my|me|for|formal|support|new|ticket|tickets|complaint|case|issue|report|claim|this|that|it|as|about|hi|hello|yes|do|so|then|just|ok|okay)\b|[^\w ]"
)
