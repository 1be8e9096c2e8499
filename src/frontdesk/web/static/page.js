// The development page: talk to the desk as one of the demo customers. It shows text only, never markup.
const log = document.querySelector("#log");
const form = document.querySelector("#form");
const input = document.querySelector("#message");
const status = document.querySelector("#status");
const suggestions = document.querySelector("#suggestions");
const customer = document.querySelector("#customer");
let session = null;
let conversation = null;

const element = (name, text = "", className = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  made.dir = "auto";
  if (className) made.className = className;
  return made;
};

const { desk, customers, examples } = await (await fetch("/page/desk.json")).json();
const KEPT = "frontdesk-page"; // which customer, and which conversation, survive a reload

async function begin(kept) {
  const { token } = await post("/dev/token", { user_id: customer.value });
  session = (await post("/support/sessions", null, token)).token;
  conversation = kept ?? (await post("/support/conversations", null, session)).conversation_id;
  sessionStorage.setItem(KEPT, JSON.stringify({ customer: customer.value, conversation }));
  log.replaceChildren();
  status.textContent = "";
  const hello = assistant();
  hello.append(element("p", `Hello! I'm the AI assistant of ${desk}. How can I help you?`));
  offer(examples);
  if (kept) await restore();
}

async function restore() {
  const answer = await fetch(`/support/conversations/${conversation}`, { headers: { authorization: `Bearer ${session}` } });
  if (!answer.ok) return begin();
  const { messages, actions } = await answer.json();
  const shown = new Set(); // what came of an action is a message of the same turn
  for (const { role, text, citations, turn_id } of messages) {
    if (role === "customer") {
      log.append(element("li", text, "customer"));
      continue;
    }
    const item = assistant();
    show(item, text, citations ?? []);
    if (!shown.has(turn_id)) cards(item, actions.filter((action) => action.turn_id === turn_id));
    shown.add(turn_id);
  }
  toEnd();
}

function assistant() {
  const item = element("li", "", "assistant");
  item.append(element("div", "AI assistant", "who"));
  log.append(item);
  return item;
}

const toEnd = () => window.scrollTo({ top: document.body.scrollHeight });

function offer(texts) {
  suggestions.replaceChildren();
  for (const text of texts) {
    const button = element("button", text);
    button.type = "button";
    button.onclick = () => send(text);
    suggestions.append(button);
  }
}

async function post(path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail);
  return value;
}

// Reads server-sent events from a POST, which EventSource cannot make.
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) event[line.slice(0, at)] = line.slice(at + 2);
      }
      if (event.data) yield { id: event.id, type: event.event, data: JSON.parse(event.data) };
    }
  }
}

async function send(text) {
  suggestions.replaceChildren();
  log.append(element("li", text, "customer"));
  const item = assistant();
  const steps = element("ul", "", "steps");
  const reply = element("div");
  item.append(steps, reply);
  status.textContent = "Sent";
  toEnd();
  await answer({ message: text, client_message_id: crypto.randomUUID(), ...(conversation && { conversation_id: conversation }) }, item, steps, reply);
}

async function answer(body, item, steps, reply) {
  let last = "";
  let text = "";
  for (let attempt = 0; attempt < 4; attempt += 1) {
    try {
      const headers = { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${session}` };
      if (last) headers["last-event-id"] = last;
      const response = await fetch("/support/chat", { method: "POST", headers, body: JSON.stringify(body) });
      if (!response.ok) {
        const problem = await response.json();
        if (response.status < 500) return fail(item, problem.detail, body, steps, reply);
        throw new Error(problem.detail);
      }
      let done = false;
      for await (const event of events(response)) {
        last = event.id;
        if (event.type === "step") step(steps, event.data);
        if (event.type === "text") reply.replaceChildren(element("p", (text += event.data.text)));
        if (event.type === "done") done = event.data;
        toEnd();
      }
      if (done) return finish(item, reply, done);
    } catch {
      await new Promise((resume) => setTimeout(resume, 500 * 2 ** attempt));
    }
  }
  fail(item, "Not delivered.", body, steps, reply);
}

function step(steps, { tool, label, state }) {
  let line = steps.querySelector(`[data-tool="${CSS.escape(tool)}"]:last-child`);
  if (state === "running" || !line) {
    line = element("li");
    line.dataset.tool = tool;
    steps.append(line);
    status.textContent = label;
  }
  line.textContent = state === "running" ? `${label} …` : `${label}, ${state}`;
}

function finish(item, reply, done) {
  reply.remove();
  show(item, done.reply, done.citations);
  cards(item, done.actions ?? []);
  if (done.degraded) item.append(element("div", "Answered in a reduced way: something was not reachable.", "meta"));
  status.textContent = done.mode === "queued" ? "A colleague has been asked to follow up; the AI goes on answering." : "";
  offer(done.suggestions);
  toEnd();
}

function show(item, text, citations) {
  item.append(...blocks(text));
  const sources = element("ul", "", "sources");
  for (const { n, title, url } of citations) {
    const line = element("li", `[${n}] `);
    line.append(link(url, title));
    sources.append(line);
  }
  item.append(sources);
}

// What the assistant has proposed: what will change, and the buttons that decide. A typed "yes" decides nothing.
function cards(item, actions) {
  for (const action of actions) {
    const made = element("section", "", "card");
    made.ariaLabel = action.title;
    item.append(made);
    draw(made, action);
  }
}

const ENDED = { declined: "Not done", expired: "No longer offered", executed: "Done", failed: "Not done", undone: "Taken back" };

function draw(card, action, said = "") {
  const { title, status, preview } = action;
  card.replaceChildren(element("h2", title));
  if (!card.parentElement?.querySelector(":scope > p")?.textContent.includes(preview.text)) card.append(element("p", preview.text));
  if (preview.changes.length) {
    const table = element("dl");
    for (const { label, before, after } of preview.changes) {
      const value = element("dd");
      if (before) value.append(element("del", before), " → ");
      value.append(element("ins", after));
      table.append(element("dt", label), value);
    }
    card.append(table);
  }
  if (said || !action.confirm_token) card.append(element("p", said || ENDED[status] || "Under way", "meta"));
  if (action.confirm_token) {
    card.append(
      deciding(card, action, "Confirm", "confirm", action.confirm_token),
      deciding(card, action, "Don't do it", "decline"),
      element("p", `Open until ${clock(action.expires_at)}`, "meta"),
    );
  }
  if (action.undo_token) {
    card.append(
      deciding(card, action, "Take it back", "undo", action.undo_token),
      element("p", `Possible until ${clock(action.undo_until)}`, "meta"),
    );
  }
}

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function deciding(card, action, text, verb, token) {
  const button = element("button", text, verb);
  button.type = "button";
  button.onclick = async () => {
    for (const each of card.querySelectorAll("button")) each.disabled = true;
    try {
      const done = await post(`/support/actions/${action.id}/${verb}`, token ? { confirm_token: token } : {}, session);
      draw(card, done.action, done.reply);
    } catch (problem) {
      // Whatever it was, the record knows how the action stands.
      const now = await fetch(`/support/actions/${action.id}`, { headers: { authorization: `Bearer ${session}` } });
      draw(card, now.ok ? (await now.json()).action : action, problem.message);
    }
    status.textContent = card.querySelector(".meta").textContent;
  };
  return button;
}

function link(url, text) {
  if (!url.startsWith("https://")) return document.createTextNode(text);
  const made = element("a", text);
  made.href = url;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

// Paragraphs, lists, bold and https links: enough for what a reply holds; everything else stays text.
function blocks(markdown) {
  const made = [];
  let list = null;
  for (const line of markdown.split("\n")) {
    const bullet = line.match(/^\s*[-*] (.*)/);
    if (bullet) {
      if (!list) made.push((list = element("ul")));
      const entry = element("li");
      entry.append(...bold(bullet[1]));
      list.append(entry);
    } else {
      list = null;
      if (!line.trim()) continue;
      const paragraph = element("p");
      paragraph.append(...bold(line));
      made.push(paragraph);
    }
  }
  return made;
}

function bold(line) {
  return line.split("**").flatMap((part, at) => (at % 2 ? [element("strong", part)] : linked(part)));
}

function linked(text) {
  return text.split(/(https:\/\/[^\s)]+[^\s).,])/).map((part, at) => (at % 2 ? link(part, part) : document.createTextNode(part)));
}

function fail(item, detail, body, steps, reply) {
  const line = element("p", detail || "Not delivered.", "failed");
  const again = element("button", "Try again");
  again.type = "button";
  again.onclick = () => {
    line.remove();
    answer(body, item, steps, reply);
  };
  line.append(again);
  reply.replaceChildren(line);
  status.textContent = "Not delivered";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  send(text);
});
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  form.requestSubmit();
});
document.querySelector("#person").addEventListener("click", () => send("I would like to talk to a person, please."));
customer.addEventListener("change", () => begin());

input.placeholder = examples[0];
for (const id of customers) customer.append(new Option(id, id));
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
if (customers.includes(kept.customer)) customer.value = kept.customer;
await begin(kept.conversation);
