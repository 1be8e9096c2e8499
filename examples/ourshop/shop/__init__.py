"""OurShop's own backend: a REST API over its own database, with no knowledge of Frontdesk."""
