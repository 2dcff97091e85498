"""Random secrets and ids, and the hash under which secrets are kept (security.md §5-1)."""

import hashlib
import hmac
import secrets

SECRET_BYTES = 32
ID_BYTES = 16


def new_secret() -> str:
    """A fresh secret of 256 random bits, as 43 characters of base64url."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_id(prefix: str) -> str:
    """A fresh opaque id of 128 random bits behind a prefix such as ``ga_``: never reused, tells nothing."""
    return prefix + secrets.token_urlsafe(ID_BYTES)


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret. Only for secrets of full entropy: passwords are argon2id."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def keyed_digest(key: bytes, text: str) -> bytes:
    """HMAC-SHA-256 of something guessable (a name, an address), so that a dump of it tells nothing."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
