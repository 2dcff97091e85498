"""What an authentication request asks for, read from its parameters (OIDC Core §3.1.2.1, §5.5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.policies.assurance import Acr, known_classes
from idp.policies.scopes import CLAIMS_OF_SCOPE

PARAMETERS = frozenset(
    {
        *(
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "response_mode",
            "prompt",
            "max_age",
        ),
        *("login_hint", "id_token_hint", "acr_values", "ui_locales", "claims_locales", "display", "claims", "tenant"),
        *("code_challenge", "code_challenge_method"),
    }
)
PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})
RESPONSE_MODES = frozenset({"query", "form_post"})
LONGEST_MAX_AGE = 10**9


class BadParameter(ValueError):
    """A parameter that can't be taken: ``code`` is the OAuth error, the text says which (ASCII, for developers)."""

    def __init__(self, text: str, code: str = "invalid_request") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for beyond OAuth's own parameters."""

    response_mode: str
    prompts: frozenset[str]
    max_age: int | None
    login_hint: str | None
    id_token_hint: str | None
    tenant: str | None
    nonce: str | None
    claims: Mapping[str, Any]
    wanted_claims: Mapping[str, tuple[str, ...]]
    acr: tuple[Acr, ...]
    essential_acr: tuple[str, ...] | None
    code_challenge: str | None
    ui_locales: tuple[str, ...]

    @property
    def is_silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompts

    @property
    def scopes_of_claims(self) -> frozenset[str]:
        """The scopes whose claims are asked for one by one: who agrees, agrees to these as well."""
        names = {name for place in self.wanted_claims.values() for name in place}
        return frozenset(s for s, members in CLAIMS_OF_SCOPE.items() if names.intersection(members))


def read_asked(parameters: Mapping[str, str], *, registered_scopes: frozenset[str]) -> Asked:
    """Read the parameters. Raises BadParameter."""
    if "request" in parameters:
        raise BadParameter("Request objects are not supported.", "request_not_supported")
    if "request_uri" in parameters:
        raise BadParameter("Request objects by reference are not supported.", "request_uri_not_supported")
    if "registration" in parameters:
        raise BadParameter("Registration in a request is not supported.", "registration_not_supported")
    claims = _claims(parameters.get("claims"))
    essential_acr, voluntary_acr = _asked_acr(claims, is_essential=True), _asked_acr(claims, is_essential=False)
    return Asked(
        response_mode=read_response_mode(parameters),
        prompts=_prompts(parameters.get("prompt")),
        max_age=_max_age(parameters.get("max_age")),
        login_hint=parameters.get("login_hint") or None,
        id_token_hint=parameters.get("id_token_hint") or None,
        tenant=parameters.get("tenant") or None,
        nonce=parameters.get("nonce") or None,
        claims=claims,
        wanted_claims=_wanted(claims, registered_scopes),
        acr=tuple(known_classes([*(parameters.get("acr_values") or "").split(), *(voluntary_acr or ())])),
        essential_acr=essential_acr,
        code_challenge=parameters.get("code_challenge") or None,
        ui_locales=tuple((parameters.get("ui_locales") or "").split()),
    )


def read_response_mode(parameters: Mapping[str, str]) -> str:
    """How the answer travels. Raises BadParameter for anything but ``query`` and ``form_post``."""
    mode = parameters.get("response_mode") or "query"
    if mode not in RESPONSE_MODES:
        raise BadParameter("The response_mode is not supported.")
    return mode


def _prompts(text: str | None) -> frozenset[str]:
    prompts = frozenset((text or "").split())
    if not prompts <= PROMPTS:
        raise BadParameter("The prompt is not supported.")
    if "none" in prompts and len(prompts) > 1:
        raise BadParameter("prompt=none stands alone.")
    return prompts


def _max_age(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        raise BadParameter("max_age must be a number of seconds.")
    return min(int(text), LONGEST_MAX_AGE)


def _claims(text: str | None) -> Mapping[str, Any]:
    if not text:
        return {}
    if text.count("{") + text.count("[") > 200:
        raise BadParameter("The claims parameter is nested too deeply.")
    try:
        claims = json.loads(text)
    except (ValueError, RecursionError):
        raise BadParameter("The claims parameter is not JSON.") from None
    if not isinstance(claims, dict):
        raise BadParameter("The claims parameter must be an object.")
    if not all(_is_well_formed(claims.get(place)) for place in ("id_token", "userinfo")):
        raise BadParameter("The claims parameter has the wrong form.")
    return claims


def _is_well_formed(members: Any) -> bool:
    """Whether one place of ``claims`` is absent or an object whose members are objects or null (Core §5.5.1)."""
    if members is None:
        return True
    return isinstance(members, dict) and all(m is None or isinstance(m, dict) for m in members.values())


def _wanted(claims: Mapping[str, Any], registered: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The known claims asked for one by one, of scopes the client is registered for, by place."""
    known = {name for scope, names in CLAIMS_OF_SCOPE.items() if scope in registered for name in names}
    wanted = {place: tuple(sorted(known & set(claims.get(place) or {}))) for place in ("id_token", "userinfo")}
    return {place: names for place, names in wanted.items() if names}


def _asked_acr(claims: Mapping[str, Any], *, is_essential: bool) -> tuple[str, ...] | None:
    """The classes asked for as an essential claim, or as a voluntary one, which is a wish (Core §5.5.1.1)."""
    member = (claims.get("id_token") or {}).get("acr")
    if not member or (member.get("essential") is True) is not is_essential:
        return None
    values = member.get("values", [member["value"]] if "value" in member else None)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise BadParameter("The acr asked for has the wrong form.")
    return tuple(values)


def scopes_to_agree(scope: str, asked: Asked) -> frozenset[str]:
    """What a person agrees to: the granted scope list, and scopes whose claims are asked for one by one."""
    return frozenset(scope.split()) | asked.scopes_of_claims
