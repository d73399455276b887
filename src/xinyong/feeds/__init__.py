"""Feeds: departments' systems are told by webhook of entries published and lifted, records changed, measures to be lifted."""
