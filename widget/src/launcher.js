// The one script a page loads: a button and the JavaScript API. The panel comes when it is wanted.
import { hexOf, onTop } from "./colour.js";
import css from "./launcher.css";
import { store } from "./store.js";

const WORDS = {
  en: ["Open support chat", "Dismiss"],
  de: ["Support-Chat öffnen", "Ausblenden"],
  es: ["Abrir el chat de ayuda", "Descartar"],
  fr: ["Ouvrir le chat d’assistance", "Masquer"],
  ar: ["فتح محادثة الدعم", "إخفاء"],
};
const script = document.currentScript;
const base = new URL(script.src).origin;
const data = { ...script.dataset };
const early = window.Frontdesk;
const listeners = {};
const { kept, tab } = store(base);
let loading;
let provider;
let config = {};
const locale = (data.locale || document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase();
const told = fetch(`${base}/support/widget.json?locale=${locale}`, { credentials: "omit" }).then(
  (answer) => answer.status === 403
    ? Promise.reject(console.error(`Frontdesk: add ${location.origin} to FRONTDESK_ALLOWED_ORIGINS.`))
    : answer.ok && answer.json().then((found) => (config = found)),
  () => {},
);

const words = WORDS[locale] || WORDS.en;
const host = document.createElement("frontdesk-widget");
const root = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
root.adoptedStyleSheets = [sheet];
if (/left|start/.test(data.position)) host.setAttribute("side", "start");

function make(name, attributes, ...children) {
  const made = name === "svg" || name === "path" ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  made.append(...children);
  return made;
}

const badge = make("span", { class: "badge" });
const button = make(
  "button",
  { type: "button", class: "launch", "aria-label": words[0], "aria-haspopup": "dialog", "aria-expanded": "false" },
  make("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.75", "stroke-linejoin": "round", "aria-hidden": "true" },
    make("path", { d: "M4 5h16v11H10l-4 4v-4H4z" })),
  badge,
);
const say = make("button", { type: "button", class: "say", dir: "auto" });
const dismiss = make("button", { type: "button", class: "dismiss", "aria-label": words[1] }, "×");
const bubble = make("div", { class: "bubble", role: "status", hidden: "" }, say, dismiss);
root.append(bubble, button);

const emit = (name, detail) => listeners[name]?.forEach((each) => each(detail));

/** What the panel may do to its launcher. */
const link = {
  emit,
  base,
  data,
  locale,
  config: () => config,
  provider: () => provider,
  focus: () => button.focus(),
  opened(open) {
    button.setAttribute("aria-expanded", open);
    if (open) bubble.hidden = true;
    emit(open ? "open" : "close");
  },
  unread(count) {
    badge.textContent = count || "";
    button.setAttribute("aria-label", count ? `${words[0]} (${count})` : words[0]);
  },
};

const load = () => (loading ??= told.then(() => import(`${base}/widget/${PANEL}`)).then(
  (panel) => panel.mount(root, link),
  (error) => {
    loading = undefined; // the next press tries again
    emit("error", error);
    throw error;
  },
));

const api = {
  open: () => load().then((panel) => panel.open()),
  close: () => loading?.then((panel) => panel.close()),
  send: (text) => load().then((panel) => panel.send(text)),
  identify(token) {
    data.token = token;
    return loading?.then((panel) => panel.identify());
  },
  token(get) {
    provider = get;
  },
  async reset() {
    delete data.token;
    if (loading || kept.get("session")) await load().then((panel) => panel.reset(), () => {});
    kept.clear();
    tab.clear();
  },
  on(name, listener) {
    (listeners[name] ??= new Set()).add(listener);
    return () => listeners[name].delete(listener);
  },
};

function draw() {
  const accent = hexOf(data.accent || config.accent);
  if (accent) {
    host.style.setProperty("--fill", accent);
    host.style.setProperty("--on-fill", onTop(accent));
  }
  document.body.append(host);
  emit("ready");
  const { proactive } = config;
  if (proactive?.text && !kept.get("greeted")) {
    setTimeout(() => {
      if (button.ariaExpanded === "true" || kept.get("greeted")) return;
      kept.set({ greeted: true });
      bubble.hidden = false;
      say.textContent = proactive.text;
    }, proactive.after_seconds * 1000);
  }
  if (tab.get("open") || "open" in data) api.open();
  else if (kept.get("live")) load(); // a person may write at any time
}

button.onclick = say.onclick = api.open;
dismiss.onclick = () => {
  bubble.hidden = true;
};
window.Frontdesk = Object.assign((name, ...given) => api[name](...given), api);
for (const [name, ...given] of early?.q ?? []) api[name](...given);
told.then(() => (document.body ? draw() : addEventListener("DOMContentLoaded", draw)), () => {});
