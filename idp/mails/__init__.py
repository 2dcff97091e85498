"""Mails: a function a message, writing an outbox row in the caller's transaction; delivery.py sends it."""
