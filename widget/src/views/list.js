// The customer's conversations, and what can be done with the one that is open.
import { html, nothing } from "lit";
import { t, when } from "../i18n.js";
import { emailForm, rating } from "./handoff.js";

export function list(panel) {
  const { chat, conversations } = panel;
  return html`<div class="list" tabindex="-1">
    <button type="button" class="wide-button" @click=${() => panel.anew()}>${t("newConversation")}</button>
    ${conversations?.length ? html`<ul>${conversations.map((each) => row(panel, each))}</ul>` : conversations ? html`<p class="meta">${t("noConversations")}</p>` : nothing}
    ${chat.id && panel.config.mail ? html`<section><h3>${t("transcript")}</h3><p class="meta">${t("transcriptHint")}</p>
      ${emailForm(panel, "transcript", t("transcriptSend"), t("transcriptSent"))}</section>` : nothing}
    ${chat.entries.some((entry) => entry.kind !== "customer") ? html`<section>${chat.rating ? nothing : html`<h3>${t("rateThis")}</h3>`}${rating(panel)}</section>` : nothing}
  </div>`;
}

function row(panel, { conversation_id: id, title, last_at: at, unread }) {
  const current = id === panel.chat.id;
  return html`<li><button type="button" class="conversation" aria-current=${current ? "true" : nothing} @click=${() => panel.show(id)}>
    <span class="title" dir="auto">${title || t("untitled")}</span>
    <span class="meta">${at ? html`<time datetime=${at}>${when(at)}</time>` : nothing}${current ? html` · ${t("current")}` : nothing}${unread ? html` · <strong>${t("unread", { count: unread })}</strong>` : nothing}</span>
  </button></li>`;
}
