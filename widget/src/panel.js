// The panel: a dialog in shadow DOM, modal on a phone only. The launcher mounts it once.
import { LitElement, html, nothing, unsafeCSS } from "lit";
import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { hexOf, onTop, readable } from "./colour.js";
import { choose, direction, lang, t } from "./i18n.js";
import { icons } from "./icons.js";
import css from "./panel.css";
import { store } from "./store.js";
import { composer } from "./views/composer.js";
import { handoff } from "./views/handoff.js";
import { list } from "./views/list.js";
import { log } from "./views/message.js";

const phone = matchMedia("(max-width: 560px), (max-height: 480px)");
const touch = matchMedia("(pointer: coarse)");
const dark = matchMedia("(prefers-color-scheme: dark)");

class Panel extends LitElement {
  static styles = unsafeCSS(css);
  static properties = { files: { state: true }, complaint: { state: true }, view: { state: true }, below: { state: true }, status: { state: true }, mailed: { state: true } };

  unread = 0;
  wrongEmail = "";
  atEnd = true;

  constructor() {
    super();
    // Not as class fields: they would stand before lit's accessors, and no change would draw anything.
    this.files = [];
    this.complaint = "";
    this.view = "chat";
    this.below = false; // something new stands below what is shown
    this.status = "";
    this.mailed = {};
  }

  start(link) {
    this.link = link;
    this.config = link.config();
    this.stored = store(link.base);
    this.api = new Api(link, this.stored.kept);
    this.#forgetOthers();
    this.draft = this.stored.tab.get("draft") ?? "";
    this.chat = new Chat(this.api, this.stored, {
      changed: () => this.requestUpdate(),
      say: (text) => this.say(text),
      emit: link.emit,
      arrived: () => this.#arrived(),
    });
    this.lang = lang();
    this.dir = direction();
    this.#paint();
    dark.addEventListener("change", () => this.#paint());
    phone.addEventListener("change", () => this.isOpen && this.#show());
    visualViewport?.addEventListener("resize", () => this.#fit());
    return this.chat.restore();
  }

  /** What another customer has left in this browser is not shown to this one. */
  #forgetOthers() {
    if (this.api.mine) return false;
    const greeted = this.stored.kept.get("greeted");
    this.stored.kept.clear();
    this.stored.tab.set({ draft: undefined, unsent: undefined });
    this.stored.kept.set({ greeted });
    return true;
  }

  get dialog() {
    return this.renderRoot.querySelector("dialog");
  }

  get isOpen() {
    return Boolean(this.dialog?.open);
  }

  get title() {
    return t("title", { desk: this.desk });
  }

  get desk() {
    return this.link.data.desk ?? this.config.desk ?? location.hostname;
  }

  // ------------------------------------------------------------------ the page's calls
  async open() {
    await this.updateComplete;
    if (this.isOpen) return;
    this.#show();
    this.stored.tab.set({ open: true });
    this.unread = 0;
    this.link.unread(0);
    this.link.opened(true);
    this.#toEnd();
    this.focusComposer();
  }

  close() {
    if (!this.isOpen) return;
    this.dialog.close();
    this.stored.tab.set({ open: undefined });
    this.link.opened(false);
    this.link.focus();
  }

  async send(text) {
    this.complaint = "";
    const files = this.files.map(({ id, name }) => ({ id, name }));
    this.files = [];
    this.write("");
    this.view = "chat";
    this.atEnd = true;
    this.#toEnd();
    await this.chat.send(text, files);
  }

  /** Another token: the same customer goes on, another begins with nothing. */
  async identify() {
    if (!this.#forgetOthers()) return;
    this.draft = "";
    this.files = [];
    await this.chat.restore();
  }

  async reset() {
    this.close();
    this.chat.follower.stop();
    await this.api.end().catch(() => {});
    this.stored.kept.clear();
    this.stored.tab.clear();
    Object.assign(this, { draft: "", files: [], view: "chat", mailed: {}, unread: 0 });
    this.chat.startAnew();
    this.link.unread(0);
  }

  // ------------------------------------------------------------------ what the views call
  write(text) {
    this.draft = text;
    this.stored.tab.set({ draft: text });
    this.requestUpdate();
  }

  /** Said once by screen readers, without moving anything. */
  say(text) {
    this.status = text;
  }

  /** Where typing goes on. On touch the heading: a keyboard that nobody asked for would cover half of it. */
  focusComposer() {
    this.renderRoot.querySelector(touch.matches ? "h2" : "textarea")?.focus();
  }

  /** After a press its button is gone: the card's heading takes the focus, if nothing else has. */
  focusCard(id) {
    const heading = this.renderRoot.querySelector(`#card-${CSS.escape(id)}`);
    if (!heading || this.renderRoot.activeElement) return;
    heading.tabIndex = -1;
    heading.focus();
  }

  /** Draw again when an offer has run out. */
  lookAgain(at) {
    const wait = Date.parse(at) - Date.now() + 250;
    if (wait > 0 && wait < 2 ** 31 && !(this.#next <= wait + Date.now())) {
      this.#next = wait + Date.now();
      setTimeout(() => {
        this.#next = undefined;
        this.requestUpdate();
      }, wait);
    }
  }

  #next;

  async askForPerson() {
    try {
      this.atEnd = true;
      await this.chat.askForPerson();
    } catch (error) {
      this.complaint = error.status === 429 ? t("busy") : t(error.status ? "gone" : "offline");
    }
    this.focusComposer();
  }

  async toList() {
    this.view = this.view === "list" ? "chat" : "list";
    if (this.view === "chat") return this.#toEnd();
    await this.updateComplete;
    this.renderRoot.querySelector(".list").focus();
    try {
      ({ conversations: this.conversations } = await this.api.json("/support/conversations"));
    } catch {
      this.conversations = undefined; // a desk without a list still has the rest
    }
    this.requestUpdate();
  }

  anew() {
    this.view = "chat";
    this.mailed = {};
    this.chat.startAnew();
    this.updateComplete.then(() => this.focusComposer());
  }

  async show(id) {
    this.view = "chat";
    this.mailed = {};
    if (id !== this.chat.id) await this.chat.restore(id);
    this.#toEnd();
    this.focusComposer();
  }

  // ------------------------------------------------------------------ inside
  #show() {
    if (this.dialog.open) this.dialog.close();
    if (phone.matches) this.dialog.showModal();
    else this.dialog.show();
    this.#fit();
  }

  /** On a phone the keyboard covers the page: the panel takes what is left. */
  #fit() {
    this.dialog?.style.setProperty("--height", phone.matches && visualViewport ? `${visualViewport.height}px` : "");
  }

  #paint() {
    const theme = this.link.data.theme;
    const night = theme === "dark" || (theme !== "light" && dark.matches);
    this.toggleAttribute("dark", night);
    const accent = hexOf(this.link.data.accent ?? this.config.accent);
    if (!accent) return;
    const values = { "--fill": accent, "--on-fill": onTop(accent), "--accent": readable(accent, night ? "#1d2226" : "#f5f6f6") };
    for (const name in values) this.style.setProperty(name, values[name]);
  }

  #arrived() {
    if (!this.isOpen) this.link.unread((this.unread += 1));
    else if (!this.atEnd) this.below = true;
  }

  async #toEnd() {
    await this.updateComplete;
    const area = this.renderRoot.querySelector(".scroll");
    if (area) area.scrollTop = area.scrollHeight;
    this.below = false;
  }

  #scrolled({ target }) {
    this.atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
    if (this.atEnd) this.below = false;
  }

  #keydown(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    event.preventDefault();
    if (this.view === "list") this.toList();
    else this.close();
  }

  updated() {
    const area = this.renderRoot.querySelector(".scroll");
    if (area && this.atEnd && area.scrollHeight - area.scrollTop - area.clientHeight > 1) area.scrollTop = area.scrollHeight;
  }

  render() {
    if (!this.chat) return nothing;
    const { handoff: now } = this.chat;
    const talking = this.view === "chat";
    return html`<dialog aria-labelledby="title" @keydown=${this.#keydown} @cancel=${(event) => event.preventDefault()}>
      <div class="head">
        <button type="button" class="icon ${talking ? "" : "flip"}" aria-label=${t(talking ? "menu" : "back")} title=${t(talking ? "menu" : "back")} @click=${this.toList}>${talking ? icons.menu : icons.back}</button>
        <div class="names"><h2 id="title" tabindex="-1" dir="auto">${this.title}</h2>
        <p dir="auto">${now.state === "human" && now.person ? t("human", now.person) : t("aiHeader")}</p></div>
        <button type="button" class="icon" aria-label=${t("close")} title=${t("close")} @click=${this.close}>${icons.close}</button>
      </div>
      ${talking ? this.#talk() : html`<div class="scroll">${list(this)}</div>`}
      <p class="hidden" role="status" aria-live="polite">${this.status}</p>
    </dialog>`;
  }

  #talk() {
    const { chat } = this;
    return html`<div class="scroll" tabindex="0" role="log" aria-live="off" aria-label=${t("log")} aria-busy=${chat.loading} @scroll=${this.#scrolled}>
        <ol class="log">
          <li class="assistant"><div class="who">${t("ai")}</div><p dir="auto">${this.config.greeting || t("hello", { desk: this.desk })}</p></li>
          ${log(this)}
        </ol>
        ${this.#offers()}
      </div>
      ${this.below ? html`<button type="button" class="below" @click=${() => this.#toEnd()}>${icons.down}${t("newMessages")}</button>` : nothing}
      ${handoff(this)}
      ${composer(this)}`;
  }

  #offers() {
    const { chat } = this;
    const offers = chat.entries.length || chat.loading ? chat.suggestions : (this.config.suggestions ?? []);
    if (!offers.length) return nothing;
    return html`<ul class="offers" aria-label=${t("suggestions")}>${offers.slice(0, 3).map((text) => html`<li><button type="button" dir="auto" @click=${() => {
      this.send(text);
      this.focusComposer();
    }}>${text}</button></li>`)}</ul>`;
  }
}

/** Put the panel beside its launcher. Resolves to it once it can be opened. */
export async function mount(root, link) {
  await choose(link.base, [link.locale, link.config().locale_default]);
  customElements.get("frontdesk-panel") ?? customElements.define("frontdesk-panel", Panel);
  const panel = document.createElement("frontdesk-panel");
  panel.start(link);
  root.append(panel);
  await panel.updateComplete;
  return panel;
}
