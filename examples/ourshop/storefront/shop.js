// All that the shop adds for the widget: where a fresh token comes from, and its help buttons.
window.Frontdesk ??= Object.assign((...call) => Frontdesk.q.push(call), { q: [] });
if (document.body.dataset.customer) {
  Frontdesk("token", async () => (await fetch("/token", { method: "POST" })).text());
}
document.querySelectorAll("[data-ask]").forEach((button) => {
  button.addEventListener("click", () => {
    Frontdesk("open");
    if (button.dataset.ask) Frontdesk("send", button.dataset.ask);
  });
});
document.querySelector("#sign-out")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await Frontdesk("reset");
  event.target.submit();
});
