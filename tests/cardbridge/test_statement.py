"""What the agent signs: the same line as the provider composes, and nothing that it is given."""

from typing import Any

import pytest

from idp.cardbridge.statement import Asked, compose, read_asked
from tests.certificates.test_verification import statement

NONCE = "A" * 43
ASKED = {"nonce": NONCE, "purpose": "login", "iat": 1795568523}
# As in tests/certificates/test_verification.py: the line is composed twice, and pinned twice.
PINNED = (
    b"card-login.v1.eyJhdWQiOiJodHRwczovL2lkcC5leGFtcGxlLnR3IiwiaWF0IjoxNzk1NTY4NTIzLCJub25jZSI6IkFBQUFBQU"
    b"FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEiLCJwdXJwb3NlIjoibG9naW4iLCJ2aWEiOiJhZ2VudCJ9"
)


def test_the_line_that_is_signed_is_pinned() -> None:
    assert compose(read_asked(ASKED), origin="https://idp.example.tw", via="agent") == PINNED
    assert PINNED.decode() == statement()


@pytest.mark.parametrize(
    "told",
    [
        None, [], "card-login.v1.abc", {}, {**ASKED, "tbs": "a contract"}, {**ASKED, "aud": "https://idp.example.tw"},
        {**ASKED, "nonce": "A" * 42}, {**ASKED, "nonce": "A" * 129}, {**ASKED, "nonce": "A" * 42 + "="},
        {**ASKED, "nonce": "Ａ" * 43}, {**ASKED, "nonce": NONCE + "\n"}, {**ASKED, "nonce": 5},
        {**ASKED, "purpose": "sign"}, {**ASKED, "purpose": ["login"]}, {**ASKED, "purpose": None},
        {**ASKED, "iat": "1795568523"}, {**ASKED, "iat": True}, {**ASKED, "iat": 1.5}, {**ASKED, "iat": -1},
        {**ASKED, "iat": 1 << 41},
    ],
)  # fmt: skip
def test_a_page_says_nonce_purpose_and_time_and_nothing_else(told: Any) -> None:
    with pytest.raises(ValueError, match=r"request|nonce|purpose|iat"):
        read_asked(told)


def test_every_purpose_of_the_provider_is_one_of_the_agent() -> None:
    from idp.cardbridge.statement import PURPOSES
    from idp.certificates.statement import CardPurpose

    assert set(PURPOSES) == {purpose.value for purpose in CardPurpose}
    assert compose(Asked(NONCE, "prove", 1), origin="https://a.example", via="software") != PINNED
