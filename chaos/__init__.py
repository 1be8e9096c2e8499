"""The promises of reliability and safety under fire: ``make chaos``. See docs/chaos.md."""
