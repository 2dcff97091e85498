"""Faults that somebody could make, each with the tests that have to see it.

A patch is text: the file, what stands there, what would stand there instead. Where the text is no
longer found the patch is stale, and says so loudly: adapt it to the code as it is now.
"""

from dataclasses import dataclass

SERVER = "idp/oidc/server.py"
AUTHORIZE = "idp/oidc/authorize.py"
BEARER = "idp/oidc/bearer.py"
SEAT_CHOICE = "idp/services/seat_choice.py"
SITUATION = "idp/oidc/situation.py"
ENDPOINTS = "idp/oidc/endpoints.py"
CLIENTS = "idp/oidc/client_authentication.py"
REQUESTS = "idp/oidc/requests.py"
CLAIMS = "idp/oidc/claims.py"
GRANTS = "idp/services/grants.py"

BASIC = "tests/oidc/test_basic_op.py::"
AUTHORIZE_ATTACKS = "tests/oidc/test_authorize_attacks.py::"
TOKEN_ATTACKS = "tests/oidc/test_token_attacks.py::"
CLIENT_AUTHENTICATION = "tests/oidc/test_client_authentication.py::"
REFRESH = "tests/oidc/test_refresh.py::"
WISHES = "tests/oidc/test_company_wishes.py::"
CHOSEN = "tests/oidc/test_acting_chosen.py::"
SWITCHING = "tests/acting/test_random_switching.py::"
USERINFO = "tests/oidc/test_userinfo.py::"
RACES = "tests/oidc/test_many_at_once.py::"
BOUND = "tests/oidc/test_what_a_choice_is_bound_to.py::"


@dataclass(frozen=True)
class Change:
    """In this file, this text instead of that."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class BrokenBuild:
    """A build with one fault; each of the tests must fail on it."""

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]
    database: str = "sqlite"


BROKEN_BUILDS = (
    BrokenBuild(
        "no_nonce",
        (Change(SERVER, "if facts.nonce is not None and request.authorization_code", "if None and request"),),
        (BASIC + "test_oidcc_server",),
    ),
    BrokenBuild(
        "replay_not_revoked",
        (Change(GRANTS, "        _revoke_if_replayed(hashed, client_id)\n", ""),),
        (TOKEN_ATTACKS + "test_a_code_used_again_ends_everything_that_came_from_it",),
    ),
    BrokenBuild(
        "redirect_compared_loosely",
        (
            Change(
                CLIENTS,
                "return redirect_uri in self.record.redirect_uris",
                "return any(redirect_uri.startswith(known) for known in self.record.redirect_uris)",
            ),
        ),
        (AUTHORIZE_ATTACKS + "test_an_address_that_differs_by_a_byte_is_never_redirected_to",),
    ),
    BrokenBuild(
        "company_read_from_the_session",
        (
            Change(
                GRANTS,
                ".join(ACCOUNTS, GRANTS.c.account_id == ACCOUNTS.c.id)",
                ".join(ACCOUNTS, func.coalesce(SIGN_INS.c.acting_account_id, GRANTS.c.account_id) == ACCOUNTS.c.id)",
            ),
            Change(GRANTS, "\nfrom sqlalchemy import ", "\nfrom sqlalchemy import func, "),
        ),
        (BOUND + "test_a_code_stays_with_the_account_it_was_granted_to",),
    ),
    BrokenBuild(
        "code_consumed_after_issuing",
        (
            Change(GRANTS, "_REDEEM = (\n    update(GRANTS)\n", "_REDEEM = (\n    select(GRANTS.c.id)\n"),
            Change(
                GRANTS,
                '    .values(code_used_at=bindparam("moment"))\n    .returning(GRANTS.c.id)\n)\n_VISITS',
                ")\n_VISITS",
            ),
            Change(
                GRANTS,
                '    return grant_from(run(_GRANT, {"grant_id": grant_id}).one())',
                "    session.execute(select(func.pg_sleep(0.05)))\n"
                "    session.execute(update(Grant).where(Grant.id == grant_id).values(code_used_at=now()))\n"
                '    return grant_from(run(_GRANT, {"grant_id": grant_id}).one())',
            ),
            Change(GRANTS, "\nfrom sqlalchemy import ", "\nfrom sqlalchemy import func, "),
        ),
        (RACES + "test_one_code_sent_twenty_times_at_once_gives_exactly_one_token",),
        database="postgresql",
    ),
    BrokenBuild(
        "pkce_plain_accepted",
        (
            Change(
                SERVER,
                'if method != "S256" or len(challenge) != S256_LENGTH:',
                "if len(challenge) != S256_LENGTH:",
            ),
            Change(
                SERVER,
                'SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)',
                'SUPPORTED_CODE_CHALLENGE_METHOD = ("S256", "plain")',
            ),
        ),
        (AUTHORIZE_ATTACKS + "test_any_other_challenge_method_than_s256_is_refused",),
    ),
    BrokenBuild(
        "pkce_not_demanded",
        (
            Change(
                SERVER,
                "if not challenge and not method and not grant.request.client.record.require_pkce:",
                "if not challenge:",
            ),
        ),
        (AUTHORIZE_ATTACKS + "test_a_confidential_client_without_a_code_challenge_is_refused",),
    ),
    BrokenBuild(
        "verifier_not_compared",
        (
            Change(
                SERVER,
                "        self.code_challenge = grant.code_challenge\n",
                "        self.code_challenge = None\n",
            ),
        ),
        (TOKEN_ATTACKS + "test_a_missing_or_wrong_verifier_is_refused",),
    ),
    BrokenBuild(
        "no_iss",
        (Change(SERVER, '    fields["iss"] = settings().issuer\n', ""),),
        (AUTHORIZE_ATTACKS + "test_every_answer_names_its_issuer",),
    ),
    BrokenBuild(
        "state_not_returned_on_errors",
        (Change(SERVER, 'if parameters.get("state"):', 'if parameters.get("state") and "code" in fields:'),),
        (BASIC + "test_oidcc_prompt_none_not_logged_in",),
    ),
    BrokenBuild(
        "refresh_reuse_not_detected",
        (Change(SERVER, '        granting.revoke_grant(token.grant.id, because="refresh_reused")\n', ""),),
        (REFRESH + "test_a_repeat_after_the_grace_ends_the_family",),
    ),
    BrokenBuild(
        "auth_time_moves",
        (
            Change(CLAIMS, '"auth_time": seconds(grant.auth_time),', '"auth_time": seconds(now()),'),
            Change(
                CLAIMS,
                "from idp.config import settings\n",
                "from idp.config import settings\nfrom idp.db import now\n",
            ),
        ),
        (REFRESH + "test_a_refresh_rotates_the_token_and_changes_nobody",),
    ),
    BrokenBuild(
        "code_of_another_client_taken",
        (
            Change(
                GRANTS,
                '        GRANTS.c.client_id == bindparam("client"),\n        GRANTS.c.code_used_at',
                "        GRANTS.c.code_used_at",
            ),
        ),
        (TOKEN_ATTACKS + "test_a_code_of_one_client_is_nothing_to_another_and_stays_good",),
    ),
    BrokenBuild(
        "redirect_uri_not_compared_at_the_token_endpoint",
        (Change(SERVER, "        return self.grant.redirect_uri\n", '        return ""\n'),),
        (TOKEN_ATTACKS + "test_a_missing_or_other_redirect_uri_is_refused",),
    ),
    BrokenBuild(
        "old_codes_taken",
        (Change(GRANTS, '        GRANTS.c.code_expires_at > bindparam("moment"),\n', ""),),
        (TOKEN_ATTACKS + "test_a_code_is_too_old_after_its_time",),
    ),
    BrokenBuild(
        "introspection_for_everybody",
        (Change(ENDPOINTS, " or found.client_id != client:", ":"),),
        (TOKEN_ATTACKS + "test_one_clients_tokens_are_nothing_to_another",),
    ),
    BrokenBuild(
        "any_scope_granted",
        (
            Change(
                "idp/policies/scopes.py",
                "allowed = [s for s in wish.scopes if s in registered and s not in kept_back]",
                "allowed = list(wish.scopes)",
            ),
        ),
        (AUTHORIZE_ATTACKS + "test_a_scope_the_client_is_not_registered_for_is_never_granted",),
    ),
    BrokenBuild(
        "suspension_forgotten",
        (
            Change(
                GRANTS,
                "if self.revoked_at is not None or not self.acting.is_able:",
                "if self.revoked_at is not None:",
            ),
            Change(
                "idp/services/access.py",
                "    moment = now()\n    signed_in = SignIn",
                "    return\n    moment = now()\n    signed_in = SignIn",
            ),
        ),
        (REFRESH + "test_what_ends_the_account_ends_its_tokens_at_once",),
    ),
    BrokenBuild(
        "wish_ignored",
        (Change(SEAT_CHOICE, "    if not wish.is_met_by(human.seat):\n", "    if human.account_id == 'nobody':\n"),),
        (WISHES + "test_who_asks_for_another_company_never_gets_the_own_one",),
    ),
    BrokenBuild(
        "seat_taken_without_a_page",
        (Change(SITUATION, "must_enter_by_page=needs_page", "must_enter_by_page=False"),),
        (CHOSEN + "test_a_request_that_somebody_planted_is_no_sign_in_for_it",),
    ),
    BrokenBuild(
        "link_changes_the_company",
        (Change(SEAT_CHOICE, "    if choice.seat is None or not entry.has_wish:\n", "    if not entry.is_silent:\n"),),
        (CHOSEN + "test_a_strangers_link_changes_no_company_without_a_page",),
    ),
    BrokenBuild(
        "lost_seat_replaced",
        (Change(SEAT_CHOICE, "if len(fitting) == 1 and not is_lost:", "if len(fitting) == 1:"),),
        (CHOSEN + "test_a_chosen_company_that_is_unbound_meanwhile_is_never_another_one",),
    ),
    BrokenBuild(
        "prompt_login_ignored",
        (Change(SITUATION, 'if asked.prompts & {"login", "create"}:', 'if asked.prompts & {"create"}:'),),
        (BASIC + "test_oidcc_prompt_login",),
    ),
    BrokenBuild(
        "token_in_the_address_taken",
        (
            Change(BEARER, '    if "access_token" in request.args:\n', "    if request.args.get('never'):\n"),
            Change(
                BEARER,
                "    if not header:\n        return in_body\n",
                '    if not header:\n        return in_body or request.args.get("access_token")\n',
            ),
        ),
        (USERINFO + "test_a_token_in_the_address_is_refused",),
    ),
    BrokenBuild(
        "repeated_parameters_taken",
        (Change(REQUESTS, "        if len(several) > 1:\n", "        if len(several) > 99:\n"),),
        (AUTHORIZE_ATTACKS + "test_a_parameter_sent_twice_is_refused",),
    ),
    BrokenBuild(
        "assertions_taken_again",
        (
            Change(
                CLIENTS,
                "        except IntegrityError:\n            return False\n",
                "        except IntegrityError:\n            return True\n",
            ),
        ),
        (CLIENT_AUTHENTICATION + "test_an_assertion_is_good_for_one_time",),
    ),
    BrokenBuild(
        "any_secret_taken",
        (
            Change(
                CLIENTS,
                "client is not None and secret and client.check_client_secret(secret)",
                "client is not None and secret",
            ),
        ),
        (CLIENT_AUTHENTICATION + "test_a_wrong_secret_is_refused",),
    ),
    BrokenBuild(
        "sid_of_another_company",
        (
            Change(
                GRANTS,
                "return found if found is not None and found.binding_id == binding_id else None",
                "return next(iter(self.live.values()), None)",
            ),
        ),
        (SWITCHING + "test_nobody_is_ever_another_company_than_was_chosen",),
    ),
    BrokenBuild(
        "ended_binding_goes_on",
        (
            Change(
                "idp/policies/standing.py",
                "return not standing.through_binding or standing.binding is BindingState.BOUND",
                "return True",
            ),
            Change(
                "idp/services/access.py",
                "    return _end(\n        because, ClientSession.binding_id == binding_id,",
                "    return because == NARROWED and _end(\n        because, ClientSession.binding_id == binding_id,",
            ),
        ),
        (SWITCHING + "test_nobody_is_ever_another_company_than_was_chosen",),
    ),
)
