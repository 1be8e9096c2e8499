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

async function begin() {
  const { token } = await post("/dev/token", { user_id: customer.value });
  session = (await post("/support/sessions", null, token)).token;
  conversation = null;
  log.replaceChildren();
  suggestions.replaceChildren();
  status.textContent = "";
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
  const item = element("li", "", "assistant");
  item.append(element("div", "AI assistant", "who"));
  const steps = element("ul", "", "steps");
  const reply = element("div");
  item.append(steps, reply);
  log.append(item);
  item.scrollIntoView({ block: "end" });
  status.textContent = "Sent";
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
      for await (const event of events(response)) {
        last = event.id;
        if (event.type === "step") step(steps, event.data);
        if (event.type === "text") reply.replaceChildren(element("p", (text += event.data.text)));
        if (event.type === "done") return finish(item, reply, event.data);
      }
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
  conversation = done.conversation_id;
  reply.replaceChildren(...blocks(done.reply));
  const sources = element("ul", "", "sources");
  for (const { n, title, url } of done.citations) {
    const line = element("li", `[${n}] `);
    const link = element("a", title);
    if (url.startsWith("https://")) link.href = url;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    line.append(link);
    sources.append(line);
  }
  item.append(sources);
  if (done.degraded) item.append(element("div", "Answered in a reduced way: something was not reachable.", "meta"));
  status.textContent = done.mode === "queued" ? "A colleague has been asked to follow up; the AI goes on answering." : "";
  for (const text of done.suggestions) {
    const button = element("button", text);
    button.type = "button";
    button.onclick = () => send(text);
    suggestions.append(button);
  }
  item.scrollIntoView({ block: "end" });
}

// Paragraphs, lists and bold: enough for what a reply holds; everything else stays text.
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

const bold = (line) => line.split("**").map((part, at) => (at % 2 ? element("strong", part) : document.createTextNode(part)));

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
customer.addEventListener("change", begin);

const { customers } = await (await fetch("/page/customers.json")).json();
for (const id of customers) customer.append(new Option(id, id));
await begin();
