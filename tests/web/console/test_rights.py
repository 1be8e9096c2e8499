import httpx
import pytest

from frontdesk.database import as_owner
from tests.web.console.console import CSRF, Console, post, sign_in

PAGES = [
    "inbox", "inbox?view=mine", "inbox?view=all", "inbox?q=tent", "approvals", "tickets", "ask", "knowledge", "gaps",
    "settings", "counts", "inbox/rows", "approvals/list", "events",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
async def test_nobody_sees_a_page_without_signing_in(desk: Console, page: str) -> None:
    async with httpx.AsyncClient(base_url=desk.url, trust_env=False) as stranger:
        answer = await stranger.get(f"/console/{page}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/sign-in")
        assert (await stranger.get(f"/console/{page}", headers={"hx-request": "true"})).status_code == 401


@pytest.mark.parametrize("page", [page for page in PAGES if page != "events"])
async def test_each_page_has_a_strict_policy_and_is_kept_nowhere(tom: httpx.AsyncClient, page: str) -> None:
    answer = await tom.get(f"/console/{page}")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert "access-control-allow-origin" not in answer.headers


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(desk: Console) -> None:
    async with httpx.AsyncClient(base_url=desk.url, headers={"origin": desk.url}, trust_env=False) as client:
        wrong = await sign_in(client, "tom", "not-the-password")
        unknown = await sign_in(client, "nobody", "not-the-password")
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.text.replace("tom@", "nobody@") == unknown.text


async def test_guessing_is_slowed_down(desk: Console) -> None:
    await desk.service.staff.add("guessed@ourshop.example", "Guessed", "agent", "a-long-password")
    async with httpx.AsyncClient(base_url=desk.url, headers={"origin": desk.url}, trust_env=False) as client:
        codes = [(await sign_in(client, "guessed", f"wrong-{n}")).status_code for n in range(9)]
        assert codes[-1] == 429
    with as_owner(desk.service.owner_url) as owner:
        owner.execute("DELETE FROM rates")  # the address is that of the other tests


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: Console) -> None:
    async with httpx.AsyncClient(base_url=desk.url, headers={"origin": desk.url}, trust_env=False) as client:
        cookie = (await sign_in(client, "tom")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_signing_out_ends_the_session_itself(desk: Console) -> None:
    async with desk.signed_in("tom") as tom:
        cookies = dict(tom.cookies)
        assert (await post(tom, "/console/sign-out")).status_code == 303
    async with httpx.AsyncClient(base_url=desk.url, cookies=cookies, trust_env=False) as kept:
        assert (await kept.get("/console/inbox")).status_code == 303


async def test_a_session_that_was_ended_hears_of_nothing_more(desk: Console) -> None:
    """Its window is open before; nothing is told to it after, though the process is the same."""
    async with desk.signed_in("tom") as tom, tom.stream("GET", "/console/events") as stream:
        lines = stream.aiter_lines()
        while not (await anext(lines)).startswith(": open"):
            pass
        await desk.waiting()
        while not (await anext(lines)).startswith("event: inbox"):
            pass
        assert (await post(tom, "/console/sign-out")).status_code == 303
        _, conversation = await desk.waiting()
        rest = [line async for line in lines]
    assert conversation not in "".join(rest)
    assert not [line for line in rest if line.startswith("event: approvals")]


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/console/../x\\", "/consolex"])
async def test_after_signing_in_one_stays_in_the_console(desk: Console, next_: str) -> None:
    async with httpx.AsyncClient(base_url=desk.url, headers={"origin": desk.url}, trust_env=False) as client:
        csrf = CSRF.search((await client.get("/console/sign-in")).text)[1]
        form = {
            "csrf": csrf,
            "email": "tom@ourshop.example",
            "password": "correct-horse-battery",
            "next": next_,
        }
        assert (await client.post("/console/sign-in", data=form)).headers["location"] == "/console/inbox"


async def test_a_form_without_its_token_does_nothing(desk: Console, tom: httpx.AsyncClient) -> None:
    _, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}/take-over"
    for form in ({}, {"csrf": "0" * 64}, {"csrf": ""}):
        assert (await tom.post(path, data=form)).status_code == 403
    assert await desk.events(conversation) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
async def test_a_form_from_elsewhere_does_nothing(
    desk: Console, tom: httpx.AsyncClient, origin: str | None
) -> None:
    _, conversation = await desk.waiting()
    csrf = CSRF.search((await tom.get("/console/settings")).text)[1]
    headers = {"origin": origin} if origin else {}
    if origin is None:
        del tom.headers["origin"]
    path = f"/console/conversations/{conversation}/take-over"
    assert (await tom.post(path, data={"csrf": csrf}, headers=headers)).status_code == 403
    assert await desk.events(conversation) == []


async def test_an_agent_neither_approves_nor_publishes_nor_manages(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    _, action = await desk.refund()
    for path in (
        f"/console/approvals/{action}/approve", f"/console/approvals/{action}/decline", "/console/settings/staff",
        "/console/settings/keys", "/console/gaps/1/approve", "/console/gaps/1/dismiss", "/console/knowledge/sync",
    ):  # fmt: skip
        assert (await post(tom, path, reason="no", name="x", visibility="public")).status_code == 403, path
    for page in ("/console/reports", "/console/reports/conversations"):
        assert (await tom.get(page)).status_code == 403


async def test_a_lead_reads_reports_and_manages_nobody(mara: httpx.AsyncClient) -> None:
    assert (await mara.get("/console/reports")).status_code == 200
    assert (
        await post(mara, "/console/settings/staff", name="x", email="x@y", role="admin")
    ).status_code == 403
    assert (await post(mara, "/console/settings/keys", name="x")).status_code == 403
    assert "Service keys" not in (await mara.get("/console/settings")).text


async def test_an_admin_adds_a_colleague_who_signs_in_and_is_shut_out(
    desk: Console, ada: httpx.AsyncClient
) -> None:
    added = await post(
        ada, "/console/settings/staff", name="New Body", email="new@ourshop.example", role="agent"
    )
    password = added.text.split("shown this once: <code>")[1].split("<")[0]
    person = next(s for s in await desk.service.staff.everybody() if s.name == "New Body")
    async with httpx.AsyncClient(base_url=desk.url, headers={"origin": desk.url}, trust_env=False) as new:
        assert (await sign_in(new, "new", password)).status_code == 303
        assert (await new.get("/console/inbox")).status_code == 200
        await post(ada, f"/console/settings/staff/{person.id}", what="disable")
        assert (await new.get("/console/inbox")).status_code == 303
        assert (await sign_in(new, "new", password)).status_code == 401


async def test_an_admin_cannot_shut_themselves_out(desk: Console, ada: httpx.AsyncClient) -> None:
    own = next(s for s in await desk.service.staff.everybody() if s.name == "Ada Admin")
    for what in ("disable", "role"):
        assert (
            await post(ada, f"/console/settings/staff/{own.id}", what=what, role="agent")
        ).status_code == 403


async def test_a_key_made_here_speaks_for_customers_until_it_is_revoked(
    desk: Console, ada: httpx.AsyncClient
) -> None:
    made = await post(ada, "/console/settings/keys", name="portal")
    key = made.text.split("shown this once: <code>")[1].split("<")[0]
    assert await desk.app.state.authenticator.service_keys.accepts(key)
    assert (await post(ada, f"/console/settings/keys/{key.split('_')[1]}/revoke")).status_code == 303
    assert "revoked" in (await ada.get("/console/settings")).text


@pytest.mark.parametrize(
    "path",
    ["conversations/nonsense", "conversations/0190a000-0000-7000-8000-000000000000", "nothing", "tickets/x"],
)
async def test_what_is_not_there_is_a_page_that_says_so(tom: httpx.AsyncClient, path: str) -> None:
    answer = await tom.get(f"/console/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_staff_may_read_no_other_transaction_does(desk: Console) -> None:
    await desk.waiting()
    ada, database = (await desk.service.staff.everybody())[0], desk.service.database
    for table in ("conversations", "turns", "messages", "tickets", "actions", "ratings", "attachments"):
        query = f"SELECT count(*) FROM {table}".encode()
        async with database.transaction(staff=str(ada.id)) as connection:
            seen = (await (await connection.execute(query)).fetchone())[0]
        if table in ("conversations", "turns", "messages", "tickets"):
            assert seen > 0, table
        for other in (None, "customer:somebody-else"):
            async with database.transaction(other) as connection:
                assert (await (await connection.execute(query)).fetchone())[0] == 0, (table, other)
