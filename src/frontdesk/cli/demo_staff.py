"""Three people who may sign in to the demo's console. In development only: their passwords are printed."""

from __future__ import annotations

import hmac
from contextlib import suppress

from frontdesk.bootstrap import database_urls
from frontdesk.database import Database
from frontdesk.errors import DeclarationError
from frontdesk.people import StaffDirectory
from frontdesk.settings import Settings
from frontdesk.store.staff import Role

STAFF: tuple[tuple[str, Role], ...] = (("Mara Lind", "lead"), ("Tom Berg", "agent"), ("Ada Stern", "admin"))


async def demo_staff(settings: Settings) -> list[str]:
    """Let them in, with passwords that follow from this machine's own key; the lines that say how."""
    database = await Database.open(database_urls(settings)[0])
    lines = [f"  Console         http://{settings.host}:{settings.port}/console"]
    try:
        for name, role in STAFF:
            email = f"{role}@ourshop.example"
            password = hmac.new(settings.service_keys[0].encode(), email.encode(), "sha256").hexdigest()[:12]
            with suppress(DeclarationError):  # they are there since an earlier start
                await StaffDirectory(database).add(email, name, role, password)
            lines.append(f"                  as {email}, password {password}")
    finally:
        await database.close()
    return lines
