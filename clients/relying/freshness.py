"""Changed rights bite within five minutes (R-048): the provider is asked again before a page is shown."""

from threading import Lock

from clients.relying.database import Clock
from clients.relying.provider import Provider, ProviderUnreachable, SessionOver, same_person
from clients.relying.sessions import Session, Sessions

# Two requests of one person must not both spend the refresh token. Between processes the provider's ten
# seconds of grace for a repeated refresh do the same.
LOCKS = tuple(Lock() for _ in range(32))
NEARLY_OVER = 20  # seconds an access token must still live to be worth sending


class Freshness:
    """Keeps what we hold about a person no older than the settings allow."""

    def __init__(self, provider: Provider, sessions: Sessions, clock: Clock) -> None:
        self.provider = provider
        self.sessions = sessions
        self.clock = clock

    def fresh(self, held: Session) -> Session:
        """The session with rights young enough to act on.

        Raises ``SessionOver`` when the provider has ended it (the row is then ended too), and
        ``ProviderUnreachable`` when the provider is away and its last word is too old to go by.
        """
        settings = self.provider.settings
        if self.clock() - held.checked_at < settings.check_seconds:
            return held
        with LOCKS[hash(held.id) % len(LOCKS)]:
            now_held = self.sessions.again(held)
            if now_held is None or now_held.ended_at is not None:
                raise SessionOver
            if self.clock() - now_held.checked_at < settings.check_seconds:
                return now_held
            try:
                self._ask_again(now_held)
            except SessionOver:
                self.sessions.end(now_held)
                raise
            except ProviderUnreachable:
                if self.clock() - now_held.checked_at >= settings.stale_seconds:
                    raise
                return now_held
        return self.sessions.again(held) or held

    def access_token(self, held: Session) -> str:
        """An access token of this session that still lives. Raises ``SessionOver``, ``ProviderUnreachable``."""
        with LOCKS[hash(held.id) % len(LOCKS)]:
            now_held = self.sessions.again(held)
            if now_held is None or now_held.ended_at is not None:
                raise SessionOver
            if now_held.tokens.access_expires_at - NEARLY_OVER > self.clock():
                return now_held.tokens.access_token
            tokens = self.provider.refreshed(now_held)
            self.sessions.keep_tokens(now_held, tokens)
            return tokens.access_token

    def _ask_again(self, held: Session) -> None:
        access = held.tokens.access_token
        userinfo = None
        if held.tokens.access_expires_at - NEARLY_OVER > self.clock():
            userinfo = self.provider.userinfo(access)
        if userinfo is None:
            tokens = self.provider.refreshed(held)
            self.sessions.keep_tokens(held, tokens)
            access = tokens.access_token
            userinfo = self.provider.userinfo(access)
        if userinfo is None or not same_person(held.claims, userinfo):
            raise SessionOver
        self.sessions.keep_facts(held, userinfo, self.provider.accounts(access, held.claims))
