"""Which texts of a service a person has yet to agree to before she gets to its applications (R-090, C-14)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from idp.policies.registration import ConsentText, policy_from

FIRST_SIGN_IN = "first_login"
Named = tuple[str, str]  # a text's id and version


@dataclass(frozen=True, slots=True)
class DueText:
    """A text that is to be agreed to; ``is_update``: another version of it was agreed to before."""

    id: str
    version: str
    must_scroll: bool
    is_update: bool

    @property
    def named(self) -> Named:
        """Text and version, as an agreement is kept."""
        return self.id, self.version


@dataclass(frozen=True, slots=True)
class Due:
    """What stands between a person and a service: ``is_first`` where none of its texts was agreed to in any version."""

    texts: tuple[DueText, ...] = ()
    is_first: bool = True


def texts_of_first_sign_in(policy: Mapping[str, Any]) -> tuple[ConsentText, ...]:
    """The texts of the first sign-in in a service's row of policy, in their order.

    Only the keys that say so are read: another key can't shut the way to running applications.
    """
    told = {key: policy[key] for key in ("preset", "consents") if key in policy}
    return tuple(text for text in policy_from(told).consents if text.when == FIRST_SIGN_IN)


def due_texts(texts: Collection[ConsentText], agreed: Collection[Named]) -> Due:
    """The texts that nobody has agreed to in the version of now; a new version is asked for again."""
    before = {text for text, _ in agreed}
    due = tuple(
        DueText(text.id, text.version, text.must_scroll, text.id in before)
        for text in texts
        if (text.id, text.version) not in agreed
    )
    return Due(due, is_first=not any(text.id in before for text in texts))


def unticked(due: Iterable[DueText], ticks: Collection[Named]) -> tuple[DueText, ...]:
    """The texts without a tick. A tick for another version, from a page opened earlier, is none (R-091)."""
    return tuple(text for text in due if text.named not in ticks)
