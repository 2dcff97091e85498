"""``idp secret``: a fresh key for the settings."""

import base64
import secrets

import click

from idp.config import KEY_BYTES


@click.command()
def secret() -> None:
    """Print a fresh key for IDP_SECRET_KEY or IDP_MASTER_KEY: 32 random bytes in base64url."""
    click.echo(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("="))
