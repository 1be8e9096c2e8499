"""The help center: load, chunk, embed, sync, search, and whether a passage answers."""
