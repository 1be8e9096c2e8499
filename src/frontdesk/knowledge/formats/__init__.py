"""Every kind of help-center page to Markdown. Only ``child.py`` calls these, in a process with limits."""
