"""Requests as the protocol reads them: from one place only (query or form), each parameter once, clean text."""

import unicodedata
from collections.abc import Mapping

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import request
from werkzeug.datastructures import Headers, MultiDict

LONGEST_VALUE = 16_384
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Payload(OAuth2Payload):
    """Parameters of one request, each once."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)

    @property
    def data(self) -> dict[str, str]:
        """The parameters."""
        return self._parameters

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The parameters as lists, as Authlib looks for duplicates; there are none left."""
        return {name: [value] for name, value in self._parameters.items()}


class ProtocolRequest(OAuth2Request):
    """A request for Authlib whose parameters come from where the endpoint says, never from query and form mixed."""

    payload: Payload
    headers: Headers

    def __init__(self, method: str, parameters: Mapping[str, str], headers: Headers) -> None:
        # Whether the transport is safe is decided by the issuer's address in the settings, not by the Host header.
        super().__init__(method, "https://issuer.invalid/", headers=headers)
        self.payload = Payload(parameters)

    @property
    def args(self) -> dict[str, str]:
        """The parameters."""
        return dict(self.payload.data)

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        return dict(self.payload.data)


def single_values(values: MultiDict[str, str]) -> dict[str, str]:
    """Each parameter once. Raises InvalidRequestError for one given twice, or whose value is no clean text."""
    parameters: dict[str, str] = {}
    for name, several in values.lists():
        if len(several) > 1:
            raise InvalidRequestError("A parameter is given more than once.")
        value = several[0]
        if not is_clean(value) or not is_clean(name):
            raise InvalidRequestError("A parameter holds characters that are not allowed.")
        parameters[name] = value
    return parameters


def is_clean(value: str) -> bool:
    """Whether a value is text that may be kept and given back: no broken UTF-8, surrogate or control character."""
    if len(value) > LONGEST_VALUE or REPLACEMENT in value:
        return False
    return (value.isascii() and value.isprintable()) or not _has_bad_character(value)


def _has_bad_character(value: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs", "Cn"} for character in value)


def form_request() -> ProtocolRequest:
    """The current request's form as a protocol request.

    Raises InvalidRequestError when a parameter is repeated or stands in the address, where logs would keep it (TK18).
    """
    if request.query_string:
        raise InvalidRequestError("Parameters belong into the body, not into the address.")
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequestError("The body must be application/x-www-form-urlencoded.")
    return ProtocolRequest(request.method, single_values(request.form), request.headers)
