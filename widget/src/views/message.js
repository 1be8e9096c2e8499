// One entry of the log.
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t, when } from "../i18n.js";
import { icons } from "../icons.js";
import { markdown, safeLink } from "../markdown.js";
import { card } from "./card.js";

export const log = (panel) => repeat(panel.chat.entries, (entry) => entry.id ?? entry, (entry) => VIEWS[entry.kind](panel, entry));

const VIEWS = {
  customer: (panel, entry) => html`<li class="customer">
    <span class="hidden">${t("you")}</span>
    <p class="said" dir="auto">${entry.text}</p>
    ${files(entry.files)}
    ${state(panel, entry)}
  </li>`,
  assistant: (panel, entry) => html`<li class="assistant" aria-busy=${entry.busy}>
    <div class="who">${t("ai")}</div>
    ${steps(entry)}
    ${said(entry)}
    ${sources(entry.citations)}
    ${entry.actions.map((action) => card(panel, entry, action))}
    ${entry.degraded ? html`<p class="meta">${t("degraded")}</p>` : nothing}
  </li>`,
  staff: (panel, entry) => html`<li class="staff">
    <div class="who"><bdi>${entry.author}</bdi> <span class="meta">${t("team")}${entry.at ? html` · <time datetime=${entry.at}>${when(entry.at)}</time>` : nothing}</span></div>
    ${said(entry)}
  </li>`,
  note: (panel, entry) => html`<li class="note"><p>${entry.text}</p>
    ${entry.again ? html`<button type="button" class="link" @click=${entry.again}>${t("retry")}</button>` : nothing}
  </li>`,
};

function files(list = []) {
  if (!list.length) return nothing;
  return html`<ul class="files">${list.map((file) => html`<li>${icons.file}<bdi>${file.name}</bdi></li>`)}</ul>`;
}

function state(panel, entry) {
  if (entry.state === "failed") {
    return html`<p class="meta failed">${t("failed")} ${entry.why} <button type="button" class="link" @click=${() => panel.chat.deliver(entry)}>${t("retry")}</button></p>`;
  }
  if (entry.state === "sent") return nothing;
  return html`<p class="meta">${t(entry.state)}</p>`;
}

function steps(entry) {
  const shown = entry.steps.filter((step) => step.label);
  if (!shown.length) return entry.busy && !entry.text ? html`<p class="meta working">${t("thinking")}<i></i><i></i><i></i></p>` : nothing;
  return html`<ul class="steps">${shown.map(({ label, state: now }) => html`<li class=${now}><span dir="auto">${label}</span>${
    now === "running" ? html`<i></i><i></i><i></i>` : html`, ${t(now === "done" ? "done" : "notDone")}`}</li>`)}</ul>`;
}

/** The text as nodes, made anew only when it has changed. */
function said(entry) {
  const key = `${entry.text}\n${entry.citations?.length ?? 0}`;
  if (entry.shown?.key !== key) entry.shown = { key, node: markdown(entry.text, entry.citations) };
  return entry.shown.node;
}

function sources(citations) {
  if (!citations.length) return nothing;
  return html`<ol class="sources" aria-label=${t("sources")}>${citations.map(({ n, title, url }) => html`<li value=${n}><span aria-hidden="true">${n}</span> ${
    safeLink(url) ? html`<a href=${url} target="_blank" rel="noopener noreferrer" dir="auto">${title}</a>` : html`<span dir="auto">${title}</span>`}</li>`)}</ol>`;
}
