"""Kills, races, repeats, hang-ups, faults and a hostile model: what security.md promises, at its full figures.

Everything here stands outside the package: crash points are put around production code by the process that is
killed, faults are between it and what it talks to. ``make chaos`` runs it; tests/test_chaos.py in small.
"""
