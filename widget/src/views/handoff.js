// How it stands with a person: asked for, here, away, done. And what is asked at the end.
import { html, nothing } from "lit";
import { expected, t } from "../i18n.js";

const TEXT = {
  queued: (now, mail, time = expected(now)) => [time ? t("queuedTime", { time }) : t("queued"), t("queuedMore")],
  human: ({ person }) => [t("human", { name: person?.name ?? t("team") })],
  away: (now, mail, time = expected(now)) => [time ? t("awayTime", { time }) : t("away"), now.email ? t("emailKept") : mail ? t("awayEmail") : ""],
  resolved: () => [t("resolved")],
};

export function handoff(panel) {
  const { handoff: now } = panel.chat;
  const text = TEXT[now.state]?.(now, panel.config.mail);
  if (!text) return nothing;
  return html`<section class="handoff ${now.state}" aria-label=${panel.title}>
    <p dir="auto"><strong>${text[0]}</strong>${text[1] ? html` ${text[1]}` : nothing}</p>
    ${now.state === "away" && !now.email && panel.config.mail ? emailForm(panel, "replies", t("emailSend"), t("emailSaved")) : nothing}
    ${now.state === "resolved" ? rating(panel) : nothing}
  </section>`;
}

export function emailForm(panel, what, label, thanks) {
  const done = panel.mailed[what];
  if (done) return html`<p class="meta" role="status">${thanks}</p>`;
  const submit = async (event) => {
    event.preventDefault();
    const input = event.target.elements.email;
    panel.wrongEmail = input.validity.valid && input.value ? "" : t("badEmail");
    panel.requestUpdate();
    if (panel.wrongEmail) return input.focus();
    try {
      await panel.api.json(`/support/conversations/${await panel.chat.begun()}/email`, { method: "POST", body: { email: input.value, what } });
      panel.mailed = { ...panel.mailed, [what]: true };
      if (what === "replies") panel.chat.handoff.email = true;
      panel.say(thanks);
    } catch (error) {
      panel.wrongEmail = error.status === 429 ? t("busy") : t("gone");
    }
    panel.requestUpdate();
  };
  return html`<form class="email" novalidate @submit=${submit}>
    <label for="email-${what}">${t("email")}</label>
    <div class="row"><input id="email-${what}" name="email" type="email" required autocomplete="email" dir="ltr" aria-invalid=${Boolean(panel.wrongEmail)} aria-describedby="wrong-${what}">
    <button type="submit">${label}</button></div>
    <p class="meta failed" id="wrong-${what}" role="alert">${panel.wrongEmail}</p>
  </form>`;
}

export function rating(panel) {
  const { chat } = panel;
  if (chat.rating || chat.skipped || !chat.id) return chat.justRated ? html`<p class="meta" role="status">${t("rated")}</p>` : nothing;
  const submit = async (event) => {
    event.preventDefault();
    const chosen = new FormData(event.target).get("rating");
    if (!chosen) return;
    try {
      await panel.api.json(`/support/conversations/${chat.id}/rating`, { method: "POST", body: { rating: chosen } });
      Object.assign(chat, { rating: chosen, justRated: true });
      panel.say(t("rated"));
    } catch {
      panel.say(t("gone"));
    }
    panel.requestUpdate();
  };
  const skip = () => {
    chat.skipped = true;
    panel.requestUpdate();
    panel.focusComposer();
  };
  return html`<form class="rating" @submit=${submit}>
    <fieldset><legend>${t("rate")}</legend>
      <label><input type="radio" name="rating" value="up">${t("rateUp")}</label>
      <label><input type="radio" name="rating" value="down">${t("rateDown")}</label>
    </fieldset>
    <div class="buttons"><button type="submit" class="primary">${t("rateSend")}</button>
    <button type="button" @click=${skip}>${t("rateSkip")}</button></div>
  </form>`;
}
