"""Webhooks: signed messages about changes, sent to addresses that subscribers gave."""
