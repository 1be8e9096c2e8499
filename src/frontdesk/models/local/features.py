"""Lexical features: patterns over plain text (see text.plain) that say more than likeness does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from frontdesk.models.local.text import clauses

_COURTESY = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|dear|good (?:morning|afternoon|evening|day)|yo|there|team|ok|okay|so|and|well|um|hmm|please|sorry|wait|hold on|"
    r"excuse me|quick question|question|thanks|thank you|now|then|just|also|but|all right|alright|right|actually|basically|honestly|anyway|guys|you guys)\b[ ,.!:;-]*)+"
)
_ASKING = re.compile(
    r"^(?:(?:can|could|would|will) (?:you|someone|anyone) (?:please |kindly |maybe |just |possibly )?(?:tell|check|look(?: up| into)?|show|give|let|find(?: out)?|see|get|have|help|confirm|read|say|list|track|know|provide|send(?= me| us))\b(?: me| us)?(?: out| know| if| whether| please| an? update on| a look at)*"
    r"|(?:can|could|may) i (?:please )?(?:see|check|track|know|ask|find out)(?: if| whether| about)?|(?:can|could|may) i (?:please )?(?:get|have) (?:an? |some |the )?(?:update|status|news|info\w*)(?: of| on| about)?"
    r"|i (?:would like|want|need|have|wish|am trying|was trying) to (?:know|find out|check|see|ask)(?: if| whether| about)?"
    r"|i only want to know(?: if)?|i was wondering(?: if| whether)?|i wonder(?: if| whether)?|do you (?:know|happen to know)|any idea|any chance you know|"
    r"(?:tell|show) me|let me know|would you mind|please|kindly|just)\b[ ,]*"
)
_NEGATED = re.compile(
    r"^(?:and |but |so |please |look |no |i am |i really |really |actually )*(?:i )?(?:(?:do|did|does) not (?:really |actually |even )?(?:want|need|wish|like|mean|care)(?! to know)|do not (?:you )?(?:dare )?(?:cancel|change|refund|return|send|delete|stop|touch|reset|book|open)\b(?! how)|am not (?:looking|changing|asking|trying|interested|here)"
    r"|not (?:looking|changing|asking|trying|interested|about|to cancel|cancell?ing|return)|no (?:refund|return|cancel\w*|change|help|replacement)s?\b.*(?:need|want|please|thanks|$)"
    r"|(?:instead of|rather than) |(?:i )?never (?:asked|wanted|said|meant)\b|(?:please )?(?:forget|ignore|skip|disregard|never ?mind) (?:about )?(?:the|that|my|what|your|all|any|previous|every)\b)"
)

WANTS_CHANGE = re.compile(
    r"^(?:i (?:want|need|would like|wish|have|am trying|decided) (?:to )?|(?:can|could|will|would) (?:you|we) (?:please )?|please |kindly |just |let us |want to |need to |like to |help me (?:to )?)*"
    r"(?:cancel|change|update(?! on| please|s)|switch|edit|modify|correct|remove|delete|erase|close|replace|redirect|reroute|swap|exchange|refund (?:me|my|it|this|order|the|#?\d+)|return (?:it|my|this|the|an?|order|one|some|#?\d+)|send (?:\w+ )?back|send back|stop|unsubscribe|reset|add|get my money back|a refund|my money back|refund now)\b"
)
CHANGE_TOLD = re.compile(
    r"\b(?:wrong|different|another|new|other) (?:delivery |shipping )?address\b|\bchanged my mind\b|\bno longer (?:want|need)\b|\bdo not (?:want|need) (?:it|this|that|the order|my order)(?: any ?more)?\b|\bby (?:mistake|accident)\b|\baccidentally\b|\bsend .* to (?:my|another|a different) \w+ instead\b"
)
SOFT = re.compile(r"^(?:how long|how late|how many|why|when|what)\b")
MINE = re.compile(r"\bmy (?:refund|money|return|reimbursement)\b")
_MONEY_RECEIVED = re.compile(r"\byou (?:get|got|receive|received) my money\b(?! back)")
ELSEWHERE = re.compile(
    r"\b(?:invoices?|receipts?|vouchers?|coupons?|gift ?cards?|discounts?|promo|password|newsletter|warranty|guarantee|sizes?|stock|loyalty|account|website|app)\b"
)
POLICY = re.compile(
    r"^(?:(?:what|which|how|when|where|why|who)\b.{0,30}\bdo you (?!have|know|think|see)|if (?:i|my|you|it|the)\b|does .*\bmean\b|how (?:do|can|does|would|should|could|to|long|late|many days|much (?:is|does|do|are|for))\b|what (?:is|are) (?:your|the (?:policy|deadline|process|procedure|rules?|cost|price|return|refund|shipping|delivery (?:time|cost)|warranty|minimum|latest))"
    r"|(?:what|how much) would (?:it|that|this|an?|the)\b|how expensive\b|what (?:do|does|will) (?:\w+ ){1,3}cost\b|what (?:if|happens|do i (?:need|have|do)|should i do|does|can i do|should i|does .* mean|kinds?|types?|payment methods|cards|countries|sizes?)\b|(?:can|could|may|am|should|must|do|shall) (?:i|we|my|an?|it|one|customers|people)\b|do you (?:ship|deliver|accept|offer|have an?\b|take|sell|charge|sponsor|do|give|provide|support|price|gift|repair|make|wrap|run|hire|store|keep|share|stock|guarantee)"
    r"|do (?:refunds|returns|orders|vouchers|gift)|(?:is|are) my (?:data|details|card details|personal \w+)|is it (?:possible|allowed|ok|okay|necessary)|are (?:we|customers|dogs|children) |is there (?:an?|any)|are there|are (?:returns|refunds|you hiring)|where (?:do|can|should|would) i|which (?:countries|cards|payment|methods|sizes?)|up to what|until when|why (?:do|does|is|can|was|are)|who(?:m)? (?:pays|do|can|should)|what about your|is (?:shipping|delivery|return)\b|you (?:guys )?(?:take|accept|ship|deliver|sell|do)\b)"
)
AT_A_LOSS = re.compile(
    r"\bwhat now\b|\bwhat (?:can|should|do) i do\b|,? how(?: so| exactly)?\??$|\bdeclined\b"
)
STATUS = re.compile(
    r"\bwhere (?:is|are|has|did|the)\b|\bwhere(?:abouts)?\b.*\b(?:order|parcel|package|it|delivery)\b|\bstatus\b|\btrack(?:ing)?\b|\bwhen (?:will|is|does|do|can|should|am|are|did)\b.*\b(?:arriv\w*|come|coming|get|deliver\w*|ship\w*|here|expect|delivery|there|be|land)"
    r"|\b(?:has|have|had|was|were|is|did|are|will)\b.{0,40}\b(?:ship(?:ped)?|dispatched|sent|gone out|left|arrived?|out for delivery|on (?:its|it is|the|their) way|late|delayed|coming|come|delivered|packed|lost|stuck|moving|moved|get here|ready)\b"
    r"|\beta\b|\b(?:any|an?) (?:news|update|progress|word|movement)\b|\bupdate on\b|\bstate of\b|\bnot (?:here|arrived?|come|received|shown|turned|got)\b|\bstill (?:waiting|nothing|no sign|not|processing|pending|stuck|in)\b|\bnothing (?:at|has|arrived|came|yet)\b|\bnever (?:came|arrived|showed|got|received)\b|\bhow far\b|\bwhat is (?:going on|happening|up) with\b|\bwhat happened to\b|\bgoing on\b|\bwhich carrier\b|\bwho (?:is delivering|delivers|has)\b|\bexpected\b|\bwaiting (?:for|on)\b|\bcheck (?:on )?(?:where|my order|order)\b|\blocate\b|\bfind my\b|\bcome this week\b|\bwhat day\b|\bhow is\b|\bwhat is in (?:my |the )?order\b|\bdetails (?:of|for|on|about)\b|\bis it late\b|\bdelayed\b|\bwhat about\b|\bexpect\b|\bhow (?:long|much longer) (?:until|till|before|will it|is it)\b|\b(?:which|what) (?:company|courier|carrier|delivery service|driver)\b|\bhanded (?:over )?to\b|\btak(?:es|ing) (?:this|so|too|that|forever)\b|\bthe latest on\b|\blooking for (?:my )?(?:order|parcel|package)|\bwhereabouts\b|\bstuck\b|\bvanished\b|\bdisappeared\b|\bshould have (?:come|arrived|been here)|\bsupposed to (?:come|arrive|be)\b"
)
REFUND = re.compile(
    r"\b(?:owe me|refund(?:ed|s|ing)?|reimburse\w*|money (?:\w+ ){0,2}back|cash back|my money|get my \w+ euros? back|credited|paid back)\b"
)
RETURN = re.compile(
    r"\b(?:return(?:ed|s)?|sent (?:#?[\w-]+ ){1,3}back|send(?:ing)? (?:it|them|that) back|sent back|posted back|shipped back|rma|dropped .* off)\b"
)
PAYMENT = re.compile(
    r"\b(?:payments?|charged?|charges|billed|debited|pay (?:with|by|for)|paid|how much (?:did|was|have)|cost me|(?:money|amount) .*\btaken|taken (?:from|off)|deducted|card .*(?:used|charged)|transactions?|total)\b"
)
PAYMENT_ASKED = re.compile(
    r"\b(?:did|has|have|was|were|is|are)\b.{0,40}\b(?:payments?|charged?|paid|billed|debited|taken|deducted|go(?:ne)? through)\b|\bhow much\b|\bwhat did (?:i pay|it cost)\b|\bcost me\b|\bwhich card\b|\bhow did i pay\b|\bpayments? (?:status|details|info\w*|for|of|on)\b|\bcharged? (?:me )?(?:twice|two|double)|\b(?:status|details) of (?:my |the )?payment|\b(?:two|2|double|pending) (?:charges|payments|lines)\b|\bwhat (?:was|is) the total\b"
)
PROFILE = re.compile(
    r"\b(?:on file|profile|in my account|on my account|my account details|stored (?:for|about|on) me|you have (?:for|about|on|of) me|have i got (?:saved|stored)|saved (?:in|on|for)|still have my|(?:address|number|e-?mail|name|details) (?:that )?you (?:have|got)\b|(?:address|number|e-?mail) .{0,12}you have got|(?:phone|number|address|e-?mail|details) .{0,20}\bfor me\b|which address is saved|do you have (?:for me|stored)|my (?:e-?mail(?: address)?|phone(?: number)?|address|customer (?:number|id)|(?:delivery|shipping|home) address|details|data|loyalty points)|under which name|account (?:under|registered))\b"
)
LISTING = re.compile(
    r"\b(?:my|all|open|recent|past|previous|which|what|any|last|these|those|the|many) (?:my |of my |open |recent |past |the |last |\w+ )?(?:orders|purchases)\b|\border (?:history|list|overview)\b|\bwhat (?:\w+ )?(?:have|did|do) i (?:bought|get|buy|order|ordered|purchased?|have on order)\b|\beverything i(?: have)? (?:bought|ordered)|\b(?:all|lot of|list of)\b.*\b(?:ordered|bought)\b"
)
ORDER_WORD = re.compile(
    r"\bwhere (?:is|are) my (?!refund|money|return|invoice|account)|\b(?:orders?|parcels?|packages?|deliver(?:y|ies)|shipments?|purchases?|box|stuff|thing|item|items|package)\b"
)
ANAPHOR = re.compile(
    r"^and (?:did|was|is|has|have|how|when|what|where|will|the)\b|\b(?:it|its|that one|this one|that|this|they|them|the (?:same|order|parcel|package|delivery|shipment)|same (?:one|order))\b"
)
FRAGMENT = re.compile(
    r"^(?:and |so |ok |okay |then |what is |what was |what about |which |who is |who |how about )*(?:the |its )?(?:tracking(?: number| link| code)?|carrier|courier|(?:expected |delivery |estimated )*(?:date|delivery)|eta|total|price|amount|items|address|status|payment|refund|return)[?. ]*$"
)
QUESTION = re.compile(
    r"\?|^(?:where|when|what|which|who|how|why|is|are|was|were|has|have|did|do|does|can|could|will|would|may|should|am|any|tell|show|give|list|track|check|find|look|cancel|change|update|open|send|help|please|get|read|let|book|reserve|renew|i (?:want|need|would like|have to|wish|must)|need|want)\b"
)


@dataclass(frozen=True, slots=True)
class Features:
    """What the words of one part of a message show."""

    policy: bool
    status: bool
    refund: bool
    returned: bool
    payment: bool
    payment_asked: bool
    profile: bool
    listing: bool
    order_word: bool
    question: bool
    change: bool
    personal: bool
    elsewhere: bool


def features(text: str) -> Features:
    """Features of plain text, courtesies left out."""
    core = without_courtesy(text)
    return Features(
        policy=bool(POLICY.search(core) or AT_A_LOSS.search(core)),
        status=bool(STATUS.search(text)),
        refund=bool(REFUND.search(text)) and not _MONEY_RECEIVED.search(text),
        returned=bool(RETURN.search(text)),
        payment=bool(PAYMENT.search(text)),
        payment_asked=bool(PAYMENT_ASKED.search(text)),
        profile=bool(PROFILE.search(text)),
        listing=bool(LISTING.search(text)),
        order_word=bool(ORDER_WORD.search(text)),
        question=bool(QUESTION.search(core)),
        change=_wants_change(core) or bool(CHANGE_TOLD.search(text)),
        personal=bool(SOFT.search(core) and MINE.search(core)),
        elsewhere=bool(ELSEWHERE.search(core)),
    )


def _wants_change(text: str) -> bool:
    return any(WANTS_CHANGE.search(without_courtesy(clause)) for clause in clauses(text))


def without_courtesy(text: str) -> str:
    """The message from where it comes to the point: "hi, can you tell me where …" → "where …"."""
    core = text
    for _ in range(4):
        shorter = _ASKING.sub("", _COURTESY.sub("", core)).strip(" ,.!")
        if shorter == core or not shorter:
            break
        core = shorter
    return core


def wanted(text: str) -> str:
    """The message without what the customer says they do not want, if something else is left."""
    parts = clauses(text)
    kept = [part for part in parts if not _NEGATED.search(part)]
    rest = " ".join(kept)
    return rest if len(rest.split()) >= 2 else text
