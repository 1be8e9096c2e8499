// A reply as nodes. marked reads it; the nodes are made here, one allowed kind at a time, and no string is ever parsed
// as HTML: tags in a reply are shown as text, images stay their description, links go to http(s), mailto and tel only.
import { Lexer } from "marked";
import { t } from "./i18n.js";

const SAFE = /^(?:https?:\/\/|mailto:|tel:)/i;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", "#39": "'" };

export function safeLink(url) {
  try {
    return SAFE.test(url) && Boolean(new URL(url));
  } catch {
    return false;
  }
}

/** An element that holds `text` as Markdown; `[1]` in it leads to the citation of that number. */
export function markdown(text, citations = []) {
  const made = element("div", []);
  made.className = "md";
  try {
    made.append(...blocks(new Lexer({ gfm: true, breaks: true }).lex(text), citations));
  } catch {
    made.append(element("p", [text])); // nested too deeply to be anything a person wrote
  }
  return made;
}

function element(name, children) {
  const made = document.createElement(name);
  made.append(...children);
  if (/^(div|p|li|t[dh]|blockquote)$/.test(name)) made.dir = "auto";
  return made;
}

/** What scrolls by itself can be reached by keyboard. */
function wide(child) {
  const frame = element("div", [child]);
  frame.className = "wide";
  frame.tabIndex = 0;
  return frame;
}

// A browser's tab dies of a few thousand nested elements; nobody writes more than a handful.
const DEEPEST = 16;
let depth = 0;

/** `read`, but what stands deeper than that is shown as it was written. */
const bounded = (read) => (tokens, cited) => {
  if (depth === DEEPEST) return [tokens.map(({ raw }) => raw).join("")];
  depth += 1;
  try {
    return read(tokens, cited);
  } finally {
    depth -= 1;
  }
};

const BLOCKS = {
  space: () => "",
  def: () => "",
  hr: () => element("hr", []),
  heading: ({ tokens }, cited) => element("p", [element("strong", inline(tokens, cited))]),
  code: ({ text }) => wide(element("pre", [element("code", [text])])),
  blockquote: ({ tokens }, cited) => element("blockquote", blocks(tokens, cited)),
  list(token, cited) {
    const made = element(token.ordered ? "ol" : "ul", token.items.map((item) => element("li", blocks(item.tokens, cited))));
    if (token.ordered && token.start > 1) made.start = token.start;
    return made;
  },
  table({ header, rows }, cited) {
    const row = (cells, name) => element("tr", cells.map(({ tokens }) => element(name, inline(tokens, cited))));
    return wide(element("table", [element("thead", [row(header, "th")]), element("tbody", rows.map((cells) => row(cells, "td")))]));
  },
  paragraph: ({ tokens }, cited) => element("p", inline(tokens, cited)),
  text: ({ tokens, text }, cited) => element("p", tokens ? inline(tokens, cited) : plain(text, cited)),
};

const blocks = bounded((tokens, cited) => tokens.map((token) => (BLOCKS[token.type] ?? shown)(token, cited)));

const shown = ({ raw }) => element("p", [raw]);

const INLINE = {
  strong: ({ tokens }, cited) => [element("strong", inline(tokens, cited))],
  em: ({ tokens }, cited) => [element("em", inline(tokens, cited))],
  del: ({ tokens }, cited) => [element("del", inline(tokens, cited))],
  codespan: ({ text }) => [element("code", [text])],
  br: () => [element("br", [])],
  link: ({ href, tokens }, cited) => (safeLink(href) ? [outward(href, inline(tokens, []))] : inline(tokens, cited)),
  text: ({ tokens, text }, cited) => (tokens ? inline(tokens, cited) : plain(text, cited)),
  escape: ({ text }) => [text],
  image: ({ text }) => [text],
};

const inline = bounded((tokens, cited) =>
  tokens.flatMap((token) => (INLINE[token.type] ?? (({ raw }) => [raw]))(token, cited)),
);

function plain(text, cited) {
  const decoded = text.replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name) => ENTITIES[name]);
  return decoded.split(/\[(\d{1,2})\]/).map((part, at) => (at % 2 ? marker(Number(part), cited) : part));
}

function marker(n, cited) {
  const found = cited.find((citation) => citation.n === n);
  if (!safeLink(found?.url)) return `[${n}]`;
  const anchor = outward(found.url, [String(n)]);
  anchor.className = "cite";
  anchor.setAttribute("aria-label", t("source", found));
  return anchor;
}

function outward(href, children) {
  const anchor = element("a", children);
  anchor.href = href;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}
