"""Whether questions that ask the same become one gap: ``python -m evals.gaps``, in seconds.

The questions of the readable sets that the example shop leaves unanswered, by four authors, put together by hand:
which of them one article would answer. The threshold was chosen on pairs within the first two sets; the last line
of each table counts the pairs that reach into another set.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.gaps import ALIKE, asked, compared

ROOT = Path(__file__).parents[1]
SETS = (
    "evals/utterances/a.jsonl",
    "evals/utterances/b.jsonl",
    "evals/paraphrases/seen.jsonl",
    "tests/knowledge/questions.jsonl",
)
CHOSEN_ON = SETS[:2]
# Words that stand in one question each, gap by gap; a question that none of them names is alone in its gap.
SAME = (
    ("vacancies in your warehouse", "Are you hiring at the moment", "Are you hiring for the warehouse"),
    ("folding chair hold 140", "camp chair OK for a big bloke"),
    ("bulk price for a scout", "purchase 250 blankets", "reseller and buy at wholesale"),
    ("mobile app of yours", "Do you have a mobile app"),
    ("temperature is the winter sleeping bag", "recommend for minus ten", "warm enough for minus ten"),
    ("small outdoor blog", "12k followers"),
    ("Where are your blankets made", "sleeping bags manufactured", "products manufactured"),
    ("rent camping equipment", "Do you rent out tents"),
    ("ur black friday sale", "Black Friday do this year", "does the Black Friday sale start"),
    ("do u do gift wrap", "wife's a stickler", "Do you offer gift wrapping"),
    ("if i bring a friend", "referral programme for friends", "refer a friend and get a reward"),
    ("selbst abholen", "collect my order from your warehouse"),
    ("packaging plastic free", "packaging recyclable"),
    ("printed catalogue",),
    ("two-step verification", "two-factor authentication"),
    ("rain jackets free of PFAS", "waterproof coating on your jackets PFAS"),
    ("How heavy is the two-person tent", "two under-fives, a bad knee", "How heavy is the Alpine 2"),
    ("3 hrs from rotterdam", "physical shop I can visit", "Where is your nearest store"),
    ("Which courier company", "Which carrier will bring"),
    ("garden table up to the third floor", "carry a sofa up to the third"),
    ("need 2 be 18 to buy", "need to be eighteen to order"),
    ("trade in my old backpack", "trade in my old tent", "buy back used gear"),
    ("6-year-old's rainwear", "rain suit like daddy's"),
    ("weather going to be in Oslo", "Will it rain in Manchester", "weather like in Amsterdam"),
    ("Who won the match last night",),
    ("poem about autumn",),
    ("donating something small", "sponsor sports clubs"),
)


def questions() -> list[tuple[str, str]]:
    """(set, question) of each that is left unanswered."""
    found: list[tuple[str, str]] = []
    for name in SETS:
        for text in (ROOT / name).read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            if line.get("intent") in {"unanswerable", "off_topic"} or line.get("answerable") is False:
                found.append((name, line.get("question") or line["message"]))
    return found


def label(number: int, question: str) -> int:
    """The gap a question belongs to; a number of its own where it is alone."""
    named = [n for n, words in enumerate(SAME) if any(word in question for word in words)]
    assert len(named) < 2, question
    return named[0] if named else 1000 + number


def main() -> None:
    """Print precision and recall of "the same gap", pair by pair."""
    rows = questions()
    labels = [label(n, text) for n, (_, text) in enumerate(rows)]
    texts = [asked(text) for _, text in rows]
    vectors = Embedder.default().encode([compared(text) for text in texts])
    near = vectors @ vectors.T
    pairs = [
        (float(near[i, j]), labels[i] == labels[j], rows[i][0] in CHOSEN_ON and rows[j][0] in CHOSEN_ON)
        for i, j in itertools.combinations(range(len(rows)), 2)
    ]
    for chosen, name in ((True, "chosen on"), (False, "others")):
        here = [(cosine, same) for cosine, same, within in pairs if within is chosen]
        total = sum(same for _, same in here)
        print(f"{name}: {len(here)} pairs, {total} ask the same")
        for at in (0.5, 0.55, ALIKE, 0.65, 0.7, 0.8):
            joined = [same for cosine, same in here if cosine >= at]
            precision = sum(joined) / max(len(joined), 1)
            print(f"  from {at:.2f}: precision {precision:.3f}, recall {sum(joined) / total:.3f}")
    wrong = sorted(
        ((float(near[i, j]), texts[i], texts[j]) for i, j in itertools.combinations(range(len(rows)), 2)
         if labels[i] != labels[j]), reverse=True,
    )  # fmt: skip
    for cosine, one, other in wrong[:5]:
        print(f"  nearest of different gaps: {cosine:.2f}  {one}  |  {other}")


if __name__ == "__main__":
    main()
