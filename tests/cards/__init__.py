"""Signing in by company card, and raising a sign-in by one, over HTTP at the running provider."""
