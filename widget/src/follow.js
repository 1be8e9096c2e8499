// What happens in a conversation beside its turns: a person writes, takes over, resolves; an action is approved.
import { entryOf } from "./chat.js";

const MOST_PAUSE = 15_000;

export class Follower {
  #stopping;
  #last;

  constructor(chat) {
    this.chat = chat;
  }

  start() {
    this.stop();
    if (!this.chat.id) return;
    this.#stopping = new AbortController();
    this.#last = undefined;
    this.#run(this.chat.id, this.#stopping.signal);
  }

  stop() {
    this.#stopping?.abort();
  }

  async #run(id, signal) {
    for (let pause = 500; !signal.aborted; ) {
      try {
        for await (const event of this.chat.api.events(`/support/conversations/${id}/events`, { last: this.#last, signal })) {
          if (event.id) this.#last = event.id;
          pause = 500;
          if (event.event === "open") await this.sync();
          else this.#on(event);
        }
      } catch (error) {
        if (signal.aborted || error.status === 404 || error.status === 405) return;
      }
      await new Promise((resume) => setTimeout(resume, pause));
      pause = Math.min(MOST_PAUSE, pause * 2);
    }
  }

  #on({ event, data }) {
    if (event === "message") this.#message(data);
    else if (event === "handoff") this.chat.setHandoff(data);
    else if (event === "action") this.chat.update(data.action ?? data);
    else if (event === "resolved") this.chat.setHandoff({ ...this.chat.handoff, ...data, state: "resolved" });
  }

  #message(data) {
    const { entries, tell } = this.chat;
    if (entries.some((entry) => entry.kind === "staff" && entry.id === data.id)) return;
    entries.push(entryOf({ ...data, role: "staff" }));
    tell.say(`${data.author}: ${data.text}`);
    tell.emit("message", { role: "staff", text: data.text, author: data.author });
    tell.arrived();
    tell.changed();
  }

  /** What was missed between reading the conversation and listening to it. */
  async sync() {
    const { chat } = this;
    const id = chat.id;
    let after = 0;
    do {
      const page = await chat.api.json(`/support/conversations/${id}${after ? `?after_turn=${after}` : ""}`);
      if (chat.id !== id) return;
      page.messages.filter(({ role }) => role === "staff").forEach((message) => this.#message(message));
      page.actions.forEach((action) => chat.update(action));
      chat.rating = page.rating ?? chat.rating;
      if (page.handoff) chat.setHandoff(page.handoff);
      after = page.next_after_turn;
    } while (after);
    chat.tell.changed();
  }
}
