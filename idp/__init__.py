"""company-idp: the OpenID Connect identity provider for company accounts.

Nothing is imported here: the card agent must be importable without Flask.
"""
