"""What a refusal says on the command line: the sentence of its code, or of the problem with one value."""

from idp.errors import Refused

SENTENCES = {
    "already_exists": "{field} is taken already.",
    "not_found": "There is no such {what}.",
    "changed_meanwhile": "It has changed since it was looked at, and nothing was decided: look at it again.",
    "review.decided": "It has been decided already: {outcome}.",
    "review.unproven": "Nobody has proven this company yet: `idp company prove` comes first.",
    "too_many": "This was done too often within an hour; try again later.",
    "ubn.closed": "The company is suspended or closed.",
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
    "case.settled": "The service's policy has let its applicant in, so there is nothing to decide.",
    "case.unconfirmed": "Its applicant has not confirmed the mailbox yet, so there is nothing to decide.",
    "case.withdrawn": "Its applicant has withdrawn it.",
    "cell.control": "The cell holds what no line of text does: a line break, a tab or another control character.",
    "cell.empty": "The cell is empty.",
    "cell.formula": "The cell begins as a spreadsheet's formula does (= + - @).",
    "cell.long": "The cell has more than 1000 characters.",
    "client_id.form": "A client id has 1 to 63 of A-Z a-z 0-9 . _ - and begins with a letter or digit.",
    "client_id.reserved": "A client id must not begin with ga_, la_, co_ or op_.",
    "client_name.form": "A name has 1 to 100 visible characters.",
    "colour.form": "A colour is # and six small hexadecimal digits.",
    "colour.contrast": "White text is not readable on this colour: choose a darker one (4.5:1 or more).",
    "company.has_account": "The service gives a company one account, and this company has it.",
    "company.applicants_wait": "Applications wait, and one would lead the company: look at `idp case list`, then name "
    "the mailbox of its first group admin (--admin-email), or say --first-come.",
    "company.not_active": "The company is not in use.",
    "company.not_suspended": "The company is not suspended.",
    "company.twice": "The service gives a company one account, and an earlier row has it.",
    "company.unknown": "There is no such company.",
    "company_name.address": "A company's name holds no web address.",
    "company_name.differs": "The company of this number has another name here: look at the number again, or leave"
    " the name empty to take the company as it is known.",
    "company_name.form": "A company's name has 1 to 200 visible characters.",
    "company_name.missing": "This company is not known here yet: give its name.",
    "company_name.twice": "An earlier row gives the company of this number another name.",
    "email.form": "This is not one mail address.",
    "email.twice": "An earlier row of this company has this mailbox.",
    "entity.form": "This is not a number of that kind.",
    "email.used": "Another account of this company has this mailbox.",
    "footer.form": "A footer has at most 500 visible characters.",
    "grant.public": "A public client cannot use client_credentials.",
    "grant.refresh_alone": "refresh_token needs authorization_code.",
    "grant.unknown": "The grant types are authorization_code, refresh_token and client_credentials.",
    "hash.cost": "This hash would cost too much at every sign-in (docs/import-accounts.md); leave the cell empty,"
    " and the person chooses a password anew.",
    "hash.form": "This is no argon2, bcrypt or PBKDF2 hash (docs/import-accounts.md); leave the cell empty, and"
    " the person chooses a password anew.",
    "icon.form": "An icon is a name of a-z 0-9 -.",
    "id_type.not_of_service": "The service takes no companies of that kind of number.",
    "id_type.unknown": "The kind of number is ubn, agency, oid, foreign or other.",
    "jwks.form": "The JWK Set must hold 1 to 20 public RSA, EC or Ed25519 keys.",
    "jwks.missing": "private_key_jwt needs a JWK Set.",
    "jwks.private": "The JWK Set holds a private key: register public keys only, and replace that key.",
    "jwks.weak": "An RSA key needs at least 2048 bits.",
    "key.too_young": "The next key is not published long enough (IDP_KEY_PUBLISH_HOURS).",
    "locale.unknown": "The language is zh-TW or en.",
    "menus.acr": "The acr is unknown.",
    "menus.code": "A code has 1 to 64 of a-z 0-9 . _ : - and begins with a letter or digit.",
    "menus.cycle": "The parents run in a circle.",
    "menus.form": "The menus must be a list of at most 1000 items.",
    "menus.key": "An item holds code, label_zh, label_en, parent, default_roles and acr, nothing else.",
    "menus.label": "label_zh and label_en have 1 to 100 visible characters.",
    "menus.parent": "The parent is not in the list.",
    "menus.role": "default_roles is a list of guest, staff and group_admin.",
    "menus.twice": "The code is there twice.",
    "name.address": "A person's name holds no web address.",
    "name.form": "A person's name has 1 to 50 visible characters.",
    "narrowing.unknown": "on_narrowing is logout or poll.",
    "overlap.range": "The overlap lasts from 0 seconds to 30 days.",
    "password.there": "The account has a password already.",
    "phone.form": "This is no Taiwanese phone number, such as 0912345678 or 02-12345678#123.",
    "phone.zero": "This is no phone number, but would be with a 0 before it, which spreadsheets take away.",
    "pkce.public": "A public client must use PKCE.",
    "policy.first_admin_unproven": "Where companies need no proof, the first to come must not become group admin.",
    "policy.form": "This is no registration policy (docs/registration-policy.md).",
    "policy.no_entity_type": "No kind of company number is taken, so that nobody could register.",
    "policy.no_proof": "No proof of a company is taken, so that nobody could register.",
    "policy.no_role": "There is no role to give.",
    "policy.nobody_approves": "Group admins are to approve people, but there never is one.",
    "policy.activation_not_built": "This version can not let people set their password by an activation link yet.",
    "policy.login_id_not_built": "This version can not sign people in by their electronic ID or tax ID yet.",
    "policy.proof_not_built": "This version can not take that proof of a company yet.",
    "policy.refused": "The registration policy leads nowhere.",
    "policy.text_not_built": "There is no such text in this version to agree to (docs/registration-policy.md).",
    "reason.form": "Give a reason of 1 to 500 visible characters.",
    "redirect.characters": "The address holds a character that no address may hold.",
    "redirect.form": "This is not an address that can be registered: scheme, host, no user, no fragment.",
    "redirect.https": "The address must begin with https:// (http is for loopback while developing).",
    "redirect.ip": "An IP number is no address for a client.",
    "redirect.list": "At most 50 addresses, each once.",
    "redirect.loopback": "A loopback address cannot be registered in production.",
    "redirect.missing": "authorization_code needs at least one redirect address.",
    "review.reason": "The reason is not_of_company, wrong_name, wrong_contact, duplicate or other.",
    "review.reason_text": "Say why in words, at most 500 characters.",
    "review.role": "The service has no such role.",
    "role.not_of_service": "The service has no such role.",
    "role.unknown": "The role is guest, staff or group_admin.",
    "row.cells": "The row has more or fewer cells than there are columns.",
    "scope.missing": "A client needs at least one scope.",
    "scope.offline_public": "A public client gets no offline_access.",
    "scope.unknown": "The scope is unknown; scopes of a service's own are for client_credentials.",
    "secret.form": "A given secret has 32 to 200 printable ASCII characters without spaces.",
    "secret.not_used": "This authentication method uses no secret.",
    "service.form": "A service's id has 1 to 40 of a-z 0-9 - and begins with a letter.",
    "service.unknown": "There is no such service.",
    "status.reason": "A suspended account needs a status_reason: its person reads it.",
    "status.unknown": "The status is active or suspended.",
    "tax_id.form": "This is not a tax ID: 8 digits whose check digit closes.",
    "tax_id.zeros": "This is no tax ID, but would be with zeros before it, which spreadsheets take away.",
    "username.form": "An account name has 4 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends.",
    "username.taken": "Another account has this name.",
    "username.twice": "An earlier row has this account name.",
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
        "outcome": details.get("outcome") or "by somebody else in the same moment",
        "reason": REASONS.get(str(details.get("reason")), details.get("reason")),
    }
    return SENTENCES.get(refusal.code, f"Refused ({refusal.code}).").format(**words)


def _problem_in_a_list(code: str) -> str:
    problem, _, about = code.partition(":")
    return f"{about}: {PROBLEMS[problem]}" if about else PROBLEMS[problem]
