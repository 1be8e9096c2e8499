"""Words for full text in scripts that put no spaces between them."""

from __future__ import annotations

import re

# Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer.
_RUN = re.compile(
    "[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u104f\u1780-\u17d3\u1100-\u11ff\u3005-\u3007"
    "\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+"
)


def segmented(text: str) -> str:
    """``text`` with each run of such a script as overlapping pairs of letters: "可以退货" is "可以 以退 退货".

    PostgreSQL's parser makes one word of a whole run, which no question ever has. Of text in other scripts
    nothing changes. What is written and what is asked are to be cut the same way.
    """
    return _RUN.sub(lambda run: f" {_pairs(run[0])} ", text)


def _pairs(run: str) -> str:
    return " ".join(run[n : n + 2] for n in range(max(len(run) - 1, 1)))
