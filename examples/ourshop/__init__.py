"""OurShop: an invented web shop that shows Frontdesk at work."""
