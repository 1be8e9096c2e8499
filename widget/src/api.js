// HTTP to the desk: a session instead of the customer's token, JSON, and server-sent events from any request.
import { EventSourceParserStream } from "eventsource-parser/stream";

/** What the desk refused, or `status` 0 where it could not be reached. */
export class Problem extends Error {
  constructor(status, detail = "", retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const subject = (token) => {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
  } catch {
    return undefined;
  }
};

export class Api {
  #starting;

  /** @param link the launcher's: base, data.token and provider() @param kept what outlives the page */
  constructor(link, kept) {
    this.link = link;
    this.kept = kept;
  }

  /** Who the page says the customer is; undefined for a visitor or where only a provider knows. */
  get owner() {
    return this.link.data.token && subject(this.link.data.token);
  }

  /** Whether what is kept belongs to who is here now. */
  get mine() {
    const session = this.kept.get("session");
    if (!session) return true;
    const visitor = session.user_id.startsWith("anon:");
    return this.owner ? session.user_id === this.owner : this.link.provider() ? !visitor : visitor;
  }

  async #session() {
    const session = this.kept.get("session");
    if (session && this.mine && Date.parse(session.expires_at) > Date.now() + 5000) return session.token;
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    return (await this.#starting).token;
  }

  async #start(again = false) {
    const { data, provider } = this.link;
    if (provider() && (again || !data.token)) data.token = await provider()();
    const headers = data.token ? { authorization: `Bearer ${data.token}` } : {};
    const answer = await this.#fetch("/support/sessions", { method: "POST", headers });
    if (answer.status === 401 && provider() && !again) return this.#start(true);
    if (!answer.ok) throw await problem(answer);
    const session = await answer.json();
    this.kept.set({ session });
    return session;
  }

  async #fetch(path, options) {
    try {
      return await fetch(this.link.base + path, { credentials: "omit", cache: "no-store", ...options });
    } catch (error) {
      throw options.signal?.aborted ? error : new Problem(0);
    }
  }

  /** A response that is ok, whatever its kind; a session that has ended is begun again once. */
  async request(path, { method = "GET", body, headers = {}, signal } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      const token = await this.#session();
      const answer = await this.#fetch(path, {
        method,
        signal,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body && { "content-type": "application/json" }),
          ...headers,
        },
        body: body && JSON.stringify(body),
      });
      if (answer.ok) return answer;
      if (answer.status !== 401 || attempt) throw await problem(answer);
      this.kept.set({ session: undefined });
    }
  }

  async json(path, options) {
    const answer = await this.request(path, options);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** Server-sent events `{id, event, data}` with data parsed. Ends when the desk ends it; throws Problem(0) when it is cut. */
  async *events(path, { last, signal, ...options } = {}) {
    const headers = { accept: "text/event-stream", ...(last && { "last-event-id": last }) };
    const answer = await this.request(path, { ...options, headers, signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
    yield { event: "open" };
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        yield { ...value, data: JSON.parse(value.data) };
      }
    } catch (error) {
      throw signal?.aborted ? error : new Problem(0);
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** Send a file; `progress` hears percent. XMLHttpRequest, for fetch tells nothing about what it has sent. */
  async upload(path, file, progress, signal) {
    const token = await this.#session();
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.link.base + path);
      request.setRequestHeader("authorization", `Bearer ${token}`);
      request.setRequestHeader("content-type", file.type);
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => progress(Math.round((loaded / total) * 100));
      request.onload = () =>
        request.status === 201 ? resolve(request.response) : reject(new Problem(request.status, request.response?.detail));
      request.onerror = request.onabort = () => reject(new Problem(0));
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
  }

  async end() {
    const session = this.kept.get("session");
    if (session) await this.#fetch("/support/sessions", { method: "DELETE", headers: { authorization: `Bearer ${session.token}` } });
  }
}

async function problem(answer) {
  const { detail } = await answer.json().catch(() => ({}));
  return new Problem(answer.status, detail, Number(answer.headers.get("retry-after")) || 0);
}
