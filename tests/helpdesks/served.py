"""A desk whose tickets go to the Freshdesk at TEST_HELPDESK, served by a process of its own: ``python -m tests.helpdesks.served PORT``."""

from __future__ import annotations

import os
import sys

import uvicorn

from frontdesk import Frontdesk
from frontdesk.helpdesks import Freshdesk
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import load
from frontdesk.web.app import create_app
from tests.desk import follow

if __name__ == "__main__":
    desk = Frontdesk("Testshop", helpdesk=Freshdesk("shop", key="k0", url=os.environ["TEST_HELPDESK"]))
    app = create_app(desk, load(), models=[("scripted", ScriptedModel(follow))])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
