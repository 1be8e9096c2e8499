// Keys, drafts and the title. Whatever this file does is a convenience: forms and links work without it.
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

// A live update morphs the page around what somebody is at: what is typed and what is open stay.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => {
  if (!(old.dataset && "keep" in old.dataset && fresh.dataset && "keep" in fresh.dataset)) return true;
  old.placeholder = fresh.placeholder; // it says who holds the conversation by now
  return false;
};
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !(name === "open" && (node.tagName === "DETAILS" || node.tagName === "DIALOG"));

// ------------------------------------------------------------------ the title's count
const title = document.title;
function showCount() {
  const count = Number($("#counts")?.dataset.needsReply || 0);
  document.title = count ? `(${count}) ${title}` : title;
}
showCount();

// ------------------------------------------------------------------ the places, in a row on a phone
const place = $(".side nav [aria-current]");
if (place) {
  const row = place.closest("nav");
  row.scrollLeft += place.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - place.offsetWidth) / 2;
}

// ------------------------------------------------------------------ drafts
const draftKey = (area) => `draft:${area.dataset.keep}`;
function restoreDrafts() {
  for (const area of all("textarea[data-keep]")) {
    if (!area.value) area.value = sessionStorage.getItem(draftKey(area)) || "";
  }
}
restoreDrafts();
document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-keep]")) {
    sessionStorage.setItem(draftKey(event.target), event.target.value);
  }
});
function sent(form) {
  for (const area of form.querySelectorAll("textarea[data-keep]")) {
    area.value = "";
    sessionStorage.removeItem(draftKey(area));
  }
  const once = form.querySelector("input[name=client_id]");
  if (once) once.value = crypto.randomUUID(); // the next press is another message
}

// ------------------------------------------------------------------ htmx
const toast = (text) => { $("#toast").textContent = text; };
let fading;
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (!form || event.detail.requestConfig.verb === "get") return;
  if (event.detail.successful && form.matches(".composer")) sent(form);
});
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) { location.reload(); return; }
  toast(decodeURIComponent(xhr.getResponseHeader("x-reason") || "") || "That did not work. Load the page again.");
  clearTimeout(fading);
  fading = setTimeout(() => toast(""), 8000);
});
document.addEventListener("htmx:sendError", () => toast("No connection. Nothing was sent; what you wrote is kept."));
document.addEventListener("htmx:sseError", () => { document.body.dataset.live = "no"; });
document.addEventListener("htmx:sseOpen", () => {
  if (document.body.dataset.live === "no") toast("");
  document.body.dataset.live = "yes";
});

// A conversation opens at its newest message, and stays there if it stood there. What scrolls is the thread, on a
// smaller screen the thread with what stands below it, on a phone the page, of which the composer covers the end.
let atEnd = true;
const scrolls = (element) => element && getComputedStyle(element).overflowY === "auto";
const scroller = () => [$("#thread"), $(".detail > .body")].find(scrolls) || document.scrollingElement;
function toEnd() {
  const last = $("#thread > :last-child");
  if (!last) return 0;
  const box = scroller();
  const seen = box === document.scrollingElement ? $(".composer").getBoundingClientRect().top : box.getBoundingClientRect().bottom;
  return last.getBoundingClientRect().bottom + 16 - seen; // pixels; negative where the end is higher up
}
const goToEnd = () => { const missing = toEnd(); if (missing > 0) scroller().scrollTop += missing; };
document.addEventListener("htmx:beforeSwap", () => { atEnd = Math.abs(toEnd()) < 80; });
document.addEventListener("htmx:afterSettle", () => {
  showCount();
  if (document.activeElement === document.body) $("#detail, #approvals")?.focus({ preventScroll: true }); // the button that was pressed is gone
  if (atEnd) goToEnd();
});
goToEnd();
document.fonts.ready.then(() => { if (atEnd) goToEnd(); }); // lines may have become longer

// ------------------------------------------------------------------ keys
const keysOn = () => document.body.dataset.keys === "on";
const writing = (element) => element.matches("input, textarea, select, [contenteditable]");
function move(step) {
  const items = all(".item");
  if (!items.length) return;
  const focused = items.indexOf(document.activeElement);
  const now = focused >= 0 ? focused : items.findIndex((item) => item.ariaCurrent === "true");
  const next = items[Math.max(0, Math.min(items.length - 1, now + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
const keys = {
  j: () => move(1),
  k: () => move(-1),
  t: () => $("[data-key=t]")?.click(),
  r: () => $("[data-key=r]")?.focus(),
  "?": () => $("#keys").showModal(),
};
document.addEventListener("keydown", (event) => {
  if (!keysOn() || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    const form = event.target.form;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button.primary") || undefined);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || $("dialog[open]")) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : ""];
  if (act) { event.preventDefault(); act(); }
});
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) $(`#${opener.dataset.opens}`).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "keys-on") document.body.dataset.keys = event.target.checked ? "on" : "off";
});
