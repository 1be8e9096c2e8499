"""Where tickets go beside Frontdesk's own list: one file each, behind one contract (``base``)."""

from frontdesk.helpdesks.base import External, File, Helpdesk, MessageCopy, Reply, StatusChange, TicketCopy
from frontdesk.helpdesks.chatwoot import Chatwoot
from frontdesk.helpdesks.freshdesk import Freshdesk
from frontdesk.helpdesks.intercom import Intercom
from frontdesk.helpdesks.webhook import Webhook
from frontdesk.helpdesks.zendesk import Zendesk

__all__ = [
    "Chatwoot",
    "External",
    "File",
    "Freshdesk",
    "Helpdesk",
    "Intercom",
    "MessageCopy",
    "Reply",
    "StatusChange",
    "TicketCopy",
    "Webhook",
    "Zendesk",
]
