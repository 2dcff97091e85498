"""What a refusal says on the command line: the sentence of its code, or of the problem with one value."""

from idp.errors import Refused

SENTENCES = {
    "already_exists": "{field} is taken already.",
    "not_found": "There is no such {what}.",
    "group.lastadmin": "The company has no other active group admin: give somebody else that role first.",
    "password.refused": "The password is refused: {reason}.",
}
REASONS = {
    "unreadable": "it holds characters that can not be read",
    "short": "it has fewer than 8 characters",
    "long": "it has more than 128 characters",
    "mixed": "it needs both letters and digits",
    "made_of": "it is little more than the account's, company's or service's name or number",
    "guessable": "it is too easy to guess",
}
PROBLEMS = {
    "account.not_active": "The account is not active.",
    "account.not_general": "Only general accounts have a role.",
    "account.not_suspended": "The account is not suspended.",
    "acting.backchannel": "A client that understands acting needs a back-channel logout address.",
    "alg.unknown": "The algorithm must be RS256, ES256 or EdDSA.",
    "auth_method.unknown": "The authentication method is unknown.",
    "client_id.form": "A client id has 1 to 63 of A-Z a-z 0-9 . _ - and begins with a letter or digit.",
    "client_id.reserved": "A client id must not begin with ga_, la_, co_ or op_.",
    "client_name.form": "A name has 1 to 100 visible characters.",
    "colour.form": "A colour is # and six small hexadecimal digits.",
    "colour.contrast": "White text is not readable on this colour: choose a darker one (4.5:1 or more).",
    "company.not_active": "The company is not in use.",
    "company.not_suspended": "The company is not suspended.",
    "company.unknown": "There is no such company.",
    "company_name.form": "A company's name has 1 to 200 visible characters.",
    "email.form": "This is not one mail address.",
    "footer.form": "A footer has at most 500 visible characters.",
    "grant.public": "A public client cannot use client_credentials.",
    "grant.refresh_alone": "refresh_token needs authorization_code.",
    "grant.unknown": "The grant types are authorization_code, refresh_token and client_credentials.",
    "icon.form": "An icon is a name of a-z 0-9 -.",
    "jwks.form": "The JWK Set must hold 1 to 20 public RSA, EC or Ed25519 keys.",
    "jwks.missing": "private_key_jwt needs a JWK Set.",
    "jwks.private": "The JWK Set holds a private key: register public keys only, and replace that key.",
    "jwks.weak": "An RSA key needs at least 2048 bits.",
    "key.too_young": "The next key is not published long enough (IDP_KEY_PUBLISH_HOURS).",
    "menus.acr": "The acr is unknown.",
    "menus.code": "A code has 1 to 64 of a-z 0-9 . _ : - and begins with a letter or digit.",
    "menus.cycle": "The parents run in a circle.",
    "menus.form": "The menus must be a list of at most 1000 items.",
    "menus.key": "An item holds code, label_zh, label_en, parent, default_roles and acr, nothing else.",
    "menus.label": "label_zh and label_en have 1 to 100 visible characters.",
    "menus.parent": "The parent is not in the list.",
    "menus.role": "default_roles is a list of guest, staff and group_admin.",
    "menus.twice": "The code is there twice.",
    "name.form": "A person's name has 1 to 50 visible characters.",
    "narrowing.unknown": "on_narrowing is logout or poll.",
    "overlap.range": "The overlap lasts from 0 seconds to 30 days.",
    "pkce.public": "A public client must use PKCE.",
    "policy.first_admin_unproven": "Where companies need no proof, the first to come must not become group admin.",
    "policy.form": "This is no registration policy (docs/registration-policy.md).",
    "policy.no_entity_type": "No kind of company number is taken, so that nobody could register.",
    "policy.no_proof": "No proof of a company is taken, so that nobody could register.",
    "policy.no_role": "There is no role to give.",
    "policy.nobody_approves": "Group admins are to approve people, but there never is one.",
    "policy.proof_not_built": "This version can not take that proof of a company yet.",
    "policy.refused": "The registration policy leads nowhere.",
    "reason.form": "Give a reason of 1 to 500 visible characters.",
    "redirect.characters": "The address holds a character that no address may hold.",
    "redirect.form": "This is not an address that can be registered: scheme, host, no user, no fragment.",
    "redirect.https": "The address must begin with https:// (http is for loopback while developing).",
    "redirect.ip": "An IP number is no address for a client.",
    "redirect.list": "At most 50 addresses, each once.",
    "redirect.loopback": "A loopback address cannot be registered in production.",
    "redirect.missing": "authorization_code needs at least one redirect address.",
    "scope.missing": "A client needs at least one scope.",
    "scope.offline_public": "A public client gets no offline_access.",
    "scope.unknown": "The scope is unknown; scopes of a service's own are for client_credentials.",
    "secret.form": "A given secret has 32 to 200 printable ASCII characters without spaces.",
    "secret.not_used": "This authentication method uses no secret.",
    "service.form": "A service's id has 1 to 40 of a-z 0-9 - and begins with a letter.",
    "service.unknown": "There is no such service.",
    "tax_id.form": "This is not a tax ID: 8 digits whose check digit closes.",
    "username.form": "An account name has 4 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends.",
}


def sentence(refusal: Refused) -> str:
    """One English sentence for a refusal, with the field and value it is about where there is one."""
    details = refusal.details
    if isinstance(listed := details.get("problems"), list):
        return "\n".join(map(_problem_in_a_list, listed))
    problem = PROBLEMS.get(str(details.get("problem")))
    about = details.get("value") or details.get("code") or details.get("field")
    if problem:
        return f"{about}: {problem}" if about else problem
    words = {
        "field": details.get("field", "The name"),
        "what": details.get("what", "thing"),
        "reason": REASONS.get(str(details.get("reason")), details.get("reason")),
    }
    return SENTENCES.get(refusal.code, f"Refused ({refusal.code}).").format(**words)


def _problem_in_a_list(code: str) -> str:
    problem, _, about = code.partition(":")
    return f"{about}: {PROBLEMS[problem]}" if about else PROBLEMS[problem]
