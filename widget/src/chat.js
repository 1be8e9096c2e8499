// A conversation as the panel shows it: entries, and how they come to be. It knows no DOM.
//
// An entry is {kind: "customer", id, text, state, files} | {kind: "assistant", turn, text, steps, citations, actions,
// busy, degraded} | {kind: "staff", id, text, author} | {kind: "note", text}.
import { Problem } from "./api.js";
import { Follower } from "./follow.js";
import { t } from "./i18n.js";

const UNDER_WAY = ["executing", "undoing"];
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const online = () => navigator.onLine || new Promise((resume) => addEventListener("online", resume, { once: true }));
const newAssistant = (turn) => ({ kind: "assistant", turn, text: "", steps: [], citations: [], actions: [], busy: true });

export class Chat {
  entries = [];
  suggestions = [];
  handoff = { state: "ai" };
  rating = null;
  loading = false;
  id;
  #beginning;

  /** @param tell {changed(), say(text), emit(name, detail)}: the panel redraws, announces, tells the page */
  constructor(api, stored, tell) {
    this.api = api;
    this.kept = stored.kept;
    this.tab = stored.tab;
    this.tell = tell;
    this.follower = new Follower(this);
  }

  /** Show what was said before, if anything was; then send what a reload has cut off. */
  async restore(id = this.kept.get("conversation")) {
    this.#clear(id);
    if (id) {
      this.loading = true;
      this.tell.changed();
      try {
        await this.#read(id);
      } catch (error) {
        if (error.status === 404) this.#clear();
        else this.entries.push({ kind: "note", text: t(error.status ? "gone" : "offline"), again: () => this.restore(id) });
      }
      this.loading = false;
    }
    for (const { conversation, ...entry } of this.tab.get("unsent") ?? []) {
      if ((conversation && conversation !== this.id) || this.entries.some((shown) => shown.id === entry.id)) continue;
      this.entries.push({ ...entry, kind: "customer" });
      this.deliver(this.entries.at(-1));
    }
    this.tell.changed();
    this.follower.start();
  }

  #clear(id) {
    this.follower.stop();
    Object.assign(this, { entries: [], suggestions: [], handoff: { state: "ai" }, rating: null, id });
    this.kept.set({ conversation: id });
  }

  startAnew() {
    this.#clear();
    this.tell.changed();
  }

  async #read(id) {
    let after = 0;
    const answered = new Set();
    for (;;) {
      const page = await this.api.json(`/support/conversations/${id}${after ? `?after_turn=${after}` : ""}`);
      for (const message of page.messages) {
        if (message.role === "assistant") this.#said(message, answered.has(message.turn_id) ? [] : page.actions);
        else this.entries.push(entryOf(message, page.attachments));
        if (message.role === "assistant") answered.add(message.turn_id);
      }
      this.rating = page.rating ?? null;
      this.handoff = page.handoff ?? { state: page.mode };
      after = page.next_after_turn;
      if (!after) break;
    }
    for (const entry of [...this.entries]) {
      if (entry.kind === "customer" && entry.turn && !answered.has(entry.turn)) this.deliver(entry);
    }
  }

  #said(message, actions) {
    const own = actions.filter((action) => action.turn_id === message.turn_id);
    if (!message.text && !own.length) return;
    this.entries.push({ ...newAssistant(message.turn_id), text: message.text, citations: message.citations ?? [], actions: own, busy: false, at: message.at });
  }

  /** Send a message; it is kept until the desk has it. */
  send(text, files = []) {
    this.suggestions = [];
    const entry = { kind: "customer", id: crypto.randomUUID(), text, files, at: new Date().toISOString(), state: "sending" };
    this.entries.push(entry);
    this.#unsent([...(this.tab.get("unsent") ?? []), { id: entry.id, text, files, at: entry.at, conversation: this.id }]);
    if (this.handoff.state === "resolved") this.handoff = { state: "ai" };
    this.tell.changed();
    return this.deliver(entry);
  }

  #unsent(entries) {
    this.tab.set({ unsent: entries });
  }

  /** Bring a message to the desk and show what comes of it; after a drop it goes on where it was. */
  async deliver(entry) {
    const answer = newAssistant(entry.turn);
    const conversation = this.id;
    entry.state = entry.turn ? "sent" : "sending";
    if (this.handoff.state !== "human") this.entries.splice(this.entries.indexOf(entry) + 1, 0, answer);
    let last;
    for (let attempt = 0; ; attempt += 1) {
      this.tell.changed();
      try {
        for await (const event of this.#watch(entry, last)) {
          if (event.id) last = event.id;
          attempt = event.event === "open" ? attempt : 0;
          if (this.#on(event, entry, answer)) return;
        }
        if (attempt > 5) throw new Problem(500);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (this.id !== conversation && conversation) return;
        const lost = error.status === 0 || error.status >= 500;
        if (!lost || (attempt > 3 && !entry.turn && navigator.onLine)) {
          this.#fail(entry, answer, error);
          return;
        }
        if (!navigator.onLine) {
          entry.state = entry.turn ? "sent" : "waiting";
          this.tell.changed();
          await online();
          attempt = 0;
          entry.state = entry.turn ? "sent" : "sending";
        }
      }
      await pause(Math.min(8000, 400 * 2 ** attempt));
    }
  }

  async *#watch(entry, last) {
    if (entry.turn) return yield* this.api.events(`/support/turns/${entry.turn}`, { last });
    const body = {
      message: entry.text || t("attached"),
      client_message_id: entry.id,
      conversation_id: await this.begun(),
      ...(entry.files?.length && { attachments: entry.files.map((file) => file.id) }),
    };
    yield* this.api.events("/support/chat", { method: "POST", body });
  }

  /** Take in one event of a turn; true when it was the last. */
  #on({ event, data }, entry, answer) {
    if (event === "accepted") {
      entry.turn = answer.turn = data.turn_id;
      entry.state = "sent";
      this.#unsent((this.tab.get("unsent") ?? []).filter((each) => each.id !== entry.id));
      this.#adopt(data.conversation_id);
      this.tell.say(t("sent"));
    } else if (event === "step") {
      const step = answer.steps.find((each) => each.tool === data.tool && each.label === data.label && each.state === "running");
      if (step) step.state = data.state;
      else answer.steps.push(data);
      if (data.state === "running") this.tell.say(data.label);
    } else if (event === "text") {
      answer.text += data.text;
    } else if (event === "done") {
      this.#finish(data, answer);
    }
    this.tell.changed();
    return event === "done";
  }

  #adopt(id) {
    if (this.id === id) return;
    this.id = id;
    this.kept.set({ conversation: id });
    this.follower.start();
  }

  #finish(done, answer) {
    Object.assign(answer, { text: done.reply, citations: done.citations, actions: done.actions ?? [], degraded: done.degraded, busy: false });
    if (!done.reply && !answer.actions.length) this.entries = this.entries.filter((each) => each !== answer);
    this.suggestions = (done.suggestions ?? []).slice(0, 3);
    if (done.reply) {
      this.tell.say(`${t("ai")}: ${done.reply}`);
      this.tell.emit("message", { role: "assistant", text: done.reply });
      this.tell.arrived();
    }
    if (done.mode !== "ai" && this.handoff.state === "ai") {
      this.setHandoff({ state: done.mode });
      this.follower.sync();
    }
  }

  #fail(entry, answer, error) {
    entry.state = "failed";
    entry.why = error.status === 429 || error.status === 503 ? t("busy") : error.status === 401 ? t("signedOut") : "";
    this.entries = this.entries.filter((each) => each !== answer);
    this.tell.say(t("failed"));
    this.tell.changed();
  }

  setHandoff(handoff) {
    const before = this.handoff.state;
    this.handoff = handoff;
    this.kept.set({ live: handoff.state === "queued" || handoff.state === "human" || handoff.state === "away" });
    if (before === handoff.state) return;
    if (handoff.state === "human" && handoff.person) this.tell.say(t("humanJoined", handoff.person));
    if (handoff.state === "resolved") this.tell.say(t("resolved"));
    this.tell.emit("handoff", handoff);
    this.tell.changed();
  }

  /** Ask for a person: with one request where the desk takes it, else in words. */
  async askForPerson() {
    try {
      const path = this.id ? `/support/conversations/${this.id}/handoff` : "/support/handoff";
      const { handoff, conversation_id } = await this.api.json(path, { method: "POST", body: {} });
      if (conversation_id) this.#adopt(conversation_id);
      this.setHandoff(handoff);
      this.suggestions = [];
      this.entries.push({ kind: "note", text: t("personAsked") });
      this.tell.say(t("personAsked"));
      this.tell.changed();
    } catch (error) {
      if (error.status !== 404 && error.status !== 405) throw error;
      await this.send(t("wantPerson"));
    }
  }

  /** Press a button of an action's card. The record knows how it stands, whatever the answer was. */
  async decide(action, verb) {
    const tokens = { confirm: { confirm_token: action.confirm_token }, undo: { undo_token: action.undo_token } };
    let reply = "";
    try {
      const done = await this.api.json(`/support/actions/${action.id}/${verb}`, { method: "POST", body: tokens[verb] ?? {} });
      reply = done.reply;
      Object.assign(action, done.action, { said: done.reply, confirm_token: done.action.confirm_token, undo_token: done.action.undo_token });
    } catch (error) {
      reply = error.message || t(error.status ? "gone" : "offline");
      action.said = reply;
      await this.refresh(action).catch(() => {});
    }
    this.tell.say(reply);
    this.tell.emit("action", { id: action.id, status: action.status });
    this.tell.changed();
  }

  async refresh(action) {
    const { action: now } = await this.api.json(`/support/actions/${action.id}`);
    this.update(now);
  }

  /** An action that is shown has changed. */
  update(now) {
    for (const { actions = [] } of this.entries) {
      const shown = actions.find((each) => each.id === now.id);
      if (!shown) continue;
      const before = shown.status;
      Object.assign(shown, { confirm_token: undefined, undo_token: undefined }, now);
      if (now.status !== before && !shown.deciding) this.#hear(shown, before);
    }
    this.tell.changed();
  }

  /** What somebody else has decided about an action: the record says it as the customer is told it. */
  async #hear(action, before) {
    action.said = "";
    const { status } = action;
    if (UNDER_WAY.includes(status) || (before === "proposed" && status === "expired")) return;
    const { reply } = await this.api.json(`/support/actions/${action.id}`).catch(() => ({}));
    if (!reply || action.status !== status) return;
    action.said = reply;
    this.tell.say(reply);
    this.tell.emit("action", { id: action.id, status });
    this.tell.arrived();
    this.tell.changed();
  }

  /** The conversation's id. One is begun where none is shown: the desk would go on with the customer's newest. */
  async begun() {
    if (this.id) return this.id;
    this.#beginning ??= this.api.json("/support/conversations", { method: "POST", body: {} }).finally(() => (this.#beginning = undefined));
    this.#adopt((await this.#beginning).conversation_id);
    return this.id;
  }
}

export function entryOf(message, attachments = []) {
  const { role, text, at, turn_id: turn, id, author } = message;
  if (role === "staff") return { kind: "staff", id, text, at, author };
  const files = message.attachments ?? attachments.filter((file) => file.turn_id === turn);
  return { kind: "customer", id: message.client_message_id ?? turn, text, at, turn, files, state: "sent" };
}
