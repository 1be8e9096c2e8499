// The development page: be one of the demo customers, and talk to the desk through the widget.
const customer = document.querySelector("#customer");
const { customers } = await (await fetch("/page/desk.json")).json();
const KEPT = "frontdesk-page";

async function token() {
  const body = JSON.stringify({ user_id: customer.value });
  const answer = await fetch("/dev/token", { method: "POST", headers: { "content-type": "application/json" }, body });
  return (await answer.json()).token;
}

async function identify() {
  sessionStorage.setItem(KEPT, customer.value);
  Frontdesk.identify(await token());
}

for (const id of customers) customer.append(new Option(id, id));
const kept = sessionStorage.getItem(KEPT);
if (customers.includes(kept)) customer.value = kept;
window.Frontdesk ??= Object.assign((...call) => Frontdesk.q.push(call), { q: [] });
Frontdesk("token", token);
const script = document.createElement("script");
Object.assign(script, { src: "/widget.js", async: true });
Object.assign(script.dataset, { desk: document.body.dataset.desk, open: "", token: await token() });
document.body.append(script);
sessionStorage.setItem(KEPT, customer.value);
customer.addEventListener("change", identify);
