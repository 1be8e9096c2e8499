// Where the customer writes: text, files, and the way to a person.
import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { size, t } from "../i18n.js";
import { icons } from "../icons.js";

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf"];
const BYTES = 5 * 1024 * 1024;
const MOST = 10;

export function composer(panel) {
  const { draft, files } = panel;
  return html`<form class="composer" @submit=${(event) => submit(event, panel)} @dragover=${(event) => event.preventDefault()} @drop=${(event) => {
    event.preventDefault();
    attach(panel, event.dataTransfer.files);
  }}>
    ${files.length ? html`<ul class="files">${files.map((file) => chosen(panel, file))}</ul>` : nothing}
    ${panel.complaint ? html`<p class="meta failed" role="alert">${panel.complaint}</p>` : nothing}
    <div class="row">
      <button type="button" class="icon" aria-label=${t("attach")} title=${t("attach")} @click=${() => panel.renderRoot.querySelector("input[type=file]").click()}>${icons.attach}</button>
      <input type="file" hidden multiple accept=${types(panel).join()} @change=${({ target }) => {
        attach(panel, target.files);
        target.value = "";
      }}>
      <textarea rows="1" maxlength="8000" dir="auto" autocomplete="off" aria-label=${t("composer")} placeholder=${t("placeholder")} .value=${live(draft)}
        @input=${({ target }) => panel.write(target.value)} @keydown=${(event) => keydown(event, panel)} @paste=${({ clipboardData }) => attach(panel, clipboardData.files)}></textarea>
      <button type="submit" class="icon send" aria-label=${t("send")} title=${t("send")}>${icons.send}</button>
    </div>
    <div class="foot">
      ${["queued", "human"].includes(panel.chat.handoff.state) ? nothing : html`<button type="button" class="link" @click=${() => panel.askForPerson()}>${icons.person}${t("person")}</button>`}
    </div>
  </form>`;
}

const types = (panel) => panel.config.attachments?.types ?? TYPES;

function keydown(event, panel) {
  // 229 is what some browsers say of a key that an input method has taken
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  submit(event, panel);
}

function submit(event, panel) {
  event.preventDefault();
  const text = panel.draft.trim();
  if (panel.files.some((file) => file.percent < 100)) return;
  if (text || panel.files.length) panel.send(text);
}

function chosen(panel, file) {
  const remove = () => {
    file.stop.abort();
    panel.files = panel.files.filter((each) => each !== file);
    if (file.id) panel.api.request(`/support/conversations/${panel.chat.id}/attachments/${file.id}`, { method: "DELETE" }).catch(() => {});
    panel.focusComposer();
  };
  return html`<li>${icons.file}<bdi>${file.name}</bdi>
    ${file.percent < 100 ? html`<progress max="100" .value=${file.percent} aria-label=${t("uploading", file)}></progress>` : html`<span class="meta">${size(file.size)}</span>`}
    <button type="button" class="icon small" aria-label=${t("remove", file)} @click=${remove}>${icons.close}</button>
  </li>`;
}

async function attach(panel, list) {
  panel.complaint = "";
  const most = panel.config.attachments?.bytes ?? BYTES;
  for (const file of list) {
    if (!types(panel).includes(file.type)) panel.complaint = t("badType", file);
    else if (file.size > most) panel.complaint = t("badSize", { name: file.name, size: size(most) });
    else if (panel.files.length >= MOST) panel.complaint = t("tooMany", { count: MOST });
    else await upload(panel, file);
  }
}

async function upload(panel, file) {
  const shown = { name: file.name, size: file.size, percent: 0, stop: new AbortController() };
  panel.files = [...panel.files, shown];
  try {
    const id = await panel.chat.begun();
    const path = `/support/conversations/${id}/attachments?name=${encodeURIComponent(file.name)}`;
    const progress = (percent) => {
      shown.percent = Math.min(99, percent); // 100 is when the desk has taken it
      panel.requestUpdate();
    };
    Object.assign(shown, { ...(await panel.api.upload(path, file, progress, shown.stop.signal)), percent: 100 });
    panel.say(t("uploaded", file));
  } catch {
    panel.files = panel.files.filter((each) => each !== shown);
    if (!shown.stop.signal.aborted) panel.complaint = t("badUpload", file);
  }
  panel.requestUpdate();
}
