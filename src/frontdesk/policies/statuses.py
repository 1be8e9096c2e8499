"""Statuses in words: what a reply says has happened to something of the customer's, and nothing shows.

"Your refund has been paid" needs a tool result that says so. Only plain statements about what is the customer's are
read; conditions, questions, negations and what may happen are none. A proposal is no evidence that anything was done.
"""

from __future__ import annotations

import re

# Each status with the forms a reply may have, and the stems that show it in a result.
SHOWN: tuple[tuple[str, str], ...] = (
    (r"delivered|geliefert|zugestellt|entregado|livrée?", r"deliver|geliefert|zugestellt|entrega|livr"),
    (r"out for delivery", r"out[_ ]for[_ ]delivery"),
    (r"shipped|dispatched|sent out|versendet|enviado|expédiée?", r"ship|dispatch|carrier|tracking|in[_ ]transit|deliver|envi|exp[ée]d|versend"),
    (r"cancell?ed|storniert|cancelado|annulée?", r"cancel|stornier|annul"),
    (r"refunded|reimbursed|erstattet|reembolsado|remboursée?", r"refund|reimburs|erstatt|reembols|rembours|paid_out"),
    (r"paid out|paid back|ausgezahlt", r"paid[_ ]out|paid[_ ]back|refund"),
    (r"paid|bezahlt|pagado|payée?", r"paid|payment|bezahlt|pagad|pay[ée]"),
    (r"returned|zurückgeschickt|devuelto|retournée?", r"return|devuelt|retour"),
    (r"received|erhalten|recibido|reçue?", r"receiv|erhalten|recib|re[çc]u"),
    (r"approved|genehmigt|aprobado|approuvée?", r"approv|genehmig|aprob"),
    (r"rejected|declined|abgelehnt|rechazado|refusée?", r"reject|declin|abgelehnt|rechaz|refus"),
    (r"changed|updated|geändert|cambiado|modifiée?", r"chang|updat|executed|ge[äa]ndert|cambi|modifi"),
    (r"delayed|verspätet|retrasado|retardée?", r"delay|late|versp|retras|retard"),
    (r"lost|verloren|perdido|perdue?", r"lost|verlor|perdid|perdu"),
)  # fmt: skip
OWN = (
    r"(?:your|this|that|the|my|ihre?|deine?|su|tu|votre|ta|ton) (?:[\w-]+ ){0,3}?(?:orders?|parcels?|packages?|refunds?|returns?|payments?|"
    r"money|e-?mail(?: address)?|address|invoice|password|subscription|account|bestellung|paket|r[üu]ckerstattung|adresse|"
    r"pedido|paquete|reembolso|commande|colis|remboursement)|orders? #?[\w-]*\d[\w-]*|it|everything"
)
BEEN = r"(?:has|have|was|were|is|are|wurde|ist|ha sido|fue|a été|est)(?: now| already| just| successfully)?(?: been)?(?: now| already| just| successfully)?"
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
NOT_SAID = re.compile(
    r"\?|\b(?:if|once|when|whether|until|unless|after|before|as soon as|can|could|may|might|will|would|should|must|not|never|"
    r"n't|no|yet|usually|normally|any|wenn|sobald|falls|nicht|kann|si|cuando|no|quand|lorsque|pas|peut)\b|n't",
    re.IGNORECASE,
)
PROPOSED = re.compile(r'^\{"proposed":')
QUICK = re.compile("|".join(forms for forms, _ in SHOWN), re.IGNORECASE)
_CLAIMS = tuple(
    (
        re.compile(
            rf"(?:\b(?:{OWN}) {BEEN} (?:{forms})\b|\b(?:I|we)(?:'ve|’ve| have)(?: now| just| already| successfully)? (?:{forms})\b)",
            re.IGNORECASE,
        ),
        re.compile(stems, re.IGNORECASE),
    )
    for forms, stems in SHOWN
)


def unsupported_statuses(reply: str, evidence: list[str], said: str = "") -> list[str]:
    """The statements of ``reply`` that something was done or has a status, which nothing supports, as written.

    ``evidence`` are tool results and passages, each a text of its own; what the customer ``said`` may be said back.
    """
    if not QUICK.search(reply):
        return []
    source = "\n".join(text for text in evidence if not PROPOSED.match(text))
    missing: list[str] = []
    for sentence in SENTENCE.findall(reply):
        if NOT_SAID.search(sentence):
            continue
        for claim, shown in _CLAIMS:
            found = claim.search(sentence)
            if found and not shown.search(source) and found[0].lower() not in said.lower():
                missing.append(found[0])
    return missing
