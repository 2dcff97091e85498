"""OpenID Connect: the endpoints, Authlib behind a thin layer of ours, claims, keys, logout."""
