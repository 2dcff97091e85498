"""Whose account a number is: the provider is asked, by the application itself (scope ``electronic_id.lookup``)."""

from clients.ida.authorisations import Authorised
from clients.ida.new_authorisation import NOBODY, TOO_MANY
from clients.relying.parts import parts
from clients.relying.provider import ProviderUnreachable
from clients.relying.sessions import Session

SCOPE = "electronic_id.lookup"
MOST_MISSES = 10  # of one seat in an hour: the provider counts for the whole application, which all share
MISS_SECONDS = 3600
WANTED = ("electronic_id", "name", "company_name", "company_tax_id")


class NotToBeAuthorised(Exception):
    """Nobody who could be authorised has this number, or too many were asked for; ``sentence`` says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def look_up(session: Session, number: str) -> Authorised:
    """The account of this well-formed number. Raises NotToBeAuthorised or ``ProviderUnreachable``."""
    place = f"missed:{session.tenant}:{session.sub}"
    misses = int(parts().pending.get(place) or 0)
    if misses >= MOST_MISSES:
        raise NotToBeAuthorised(TOO_MANY)
    answer = parts().provider.asked_by_itself(f"/accounts/by-electronic-id/{number}", SCOPE)
    if answer.status_code == 429:
        raise NotToBeAuthorised(TOO_MANY)
    if answer.status_code == 404:
        parts().pending.set(place, str(misses + 1), MISS_SECONDS)
        raise NotToBeAuthorised(NOBODY)
    found = answer.json() if answer.ok else {}
    if not all(isinstance(found.get(name), str) for name in WANTED) or found["electronic_id"] != number:
        raise ProviderUnreachable(f"the lookup was answered with {answer.status_code}")
    return Authorised(number, found["name"], found["company_name"], found["company_tax_id"])
