"""Frontdesk: turn the backend you already have into a customer-support agent."""

from frontdesk.desk import Frontdesk
from frontdesk.domain import Change, Customer, Done, Money, Preview, Principal
from frontdesk.errors import ToolError, ToolNotFound, ToolRefused, ToolUnavailable
from frontdesk.hours import BusinessHours
from frontdesk.knowledge.declared import Knowledge
from frontdesk.tools import Tool, ToolContext, grant, rule, tool
from frontdesk.widget import Widget

__all__ = [
    "BusinessHours",
    "Change",
    "Customer",
    "Done",
    "Frontdesk",
    "Knowledge",
    "Money",
    "Preview",
    "Principal",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolNotFound",
    "ToolRefused",
    "ToolUnavailable",
    "Widget",
    "grant",
    "rule",
    "tool",
]
__version__ = "0.1.0"
