// What the assistant proposes: what will change, and the buttons that decide. A typed "yes" decides nothing.
import { html, nothing } from "lit";
import { clock, t } from "../i18n.js";

export function card(panel, entry, action) {
  const { id, title, preview } = action;
  const open = Boolean(action.confirm_token) && Date.parse(action.expires_at) > Date.now();
  if (open || action.undo_token) panel.lookAgain(open ? action.expires_at : action.undo_until);
  return html`<section class="card" aria-labelledby="card-${id}">
    <h3 id="card-${id}" dir="auto">${title}</h3>
    ${entry.text.includes(preview.text) ? nothing : html`<p dir="auto">${preview.text}</p>`}
    ${changes(preview)}
    ${open ? deciding(panel, action) : ended(panel, action)}
  </section>`;
}

function changes({ changes: list, amount }) {
  const told = list.some(({ before, after }) => `${before} ${after}`.includes(amount));
  if (!list.length && !amount) return nothing;
  return html`<dl>
    ${amount && !told ? html`<dt>${t("amount")}</dt><dd><ins>${amount}</ins></dd>` : nothing}
    ${list.map(({ label, before, after }) => html`<dt dir="auto">${label}</dt><dd dir="auto">${before
      ? html`<del dir="auto"><span class="hidden">${t("before")} </span>${before}</del> <span class="arrow" aria-hidden="true">→</span> <span class="hidden">${t("after")} </span>` : nothing}<ins dir="auto">${after}</ins></dd>`)}
  </dl>`;
}

function deciding(panel, action) {
  return html`${action.said ? html`<p class="meta failed" dir="auto">${action.said}</p>` : nothing}
  <div class="buttons">
    ${button(panel, action, "confirm", action.title, "primary")}
    ${button(panel, action, "decline", t("decline"))}
  </div><p class="meta">${t("openUntil", { time: clock(action.expires_at) })}</p>`;
}

function ended(panel, action) {
  const undo = action.undo_token && Date.parse(action.undo_until) > Date.now();
  return html`<p class="state ${action.status}" dir="auto">${standing(action)}</p>
    ${action.said || action.reason ? html`<p class="meta" dir="auto">${action.said || nothing}</p>` : nothing}
    ${undo ? html`<div class="buttons">${button(panel, action, "undo", t("undo"))}</div>
      <p class="meta">${t("undoUntil", { time: clock(action.undo_until) })}</p>` : nothing}`;
}

const WORDS = { failed: "actionFailed", proposed: "expired" };

const standing = ({ status }) => t(WORDS[status] ?? status);

function button(panel, action, verb, text, className = "") {
  const press = async () => {
    if (action.deciding) return; // a second press while the first is on its way does nothing
    action.deciding = verb;
    panel.requestUpdate();
    await panel.chat.decide(action, verb);
    action.deciding = undefined;
    panel.requestUpdate();
    await panel.updateComplete;
    panel.focusCard(action.id);
  };
  return html`<button type="button" class=${className} dir="auto" aria-disabled=${Boolean(action.deciding)} @click=${press}>${text}</button>`;
}
