"""The government's PKI in miniature: software cards of every kind, and a server that says which are revoked."""
