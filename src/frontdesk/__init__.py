"""Frontdesk: turn the backend you already have into a customer-support agent."""

from frontdesk.desk import Frontdesk
from frontdesk.domain import Customer, Principal
from frontdesk.errors import ToolError, ToolNotFound, ToolUnavailable
from frontdesk.knowledge.declared import Knowledge
from frontdesk.tools import Tool, grant, tool

__all__ = [
    "Customer",
    "Frontdesk",
    "Knowledge",
    "Principal",
    "Tool",
    "ToolError",
    "ToolNotFound",
    "ToolUnavailable",
    "grant",
    "tool",
]
__version__ = "0.1.0"
