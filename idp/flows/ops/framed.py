"""A mail's HTML as its reader has it, handed out so that it can do nothing at all: to be shown in a frame."""

from flask import Response

# Mails have their looks in style attributes; nothing else of theirs is of any effect.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; form-action 'none';"
        " base-uri 'none'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}


def framed(html: str | None) -> Response:
    """The HTML of a mail, without scripts, forms, pictures or an origin."""
    return Response(html or "", mimetype="text/html", headers=HEADERS)
