"""Invitations, driven through their pages and mails."""
