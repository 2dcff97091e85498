"""Operators: added by the command line or a configurator, set up by a link of theirs, changed, suspended, reset."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from idp.db import now, session
from idp.errors import AlreadyExists, ChangedMeanwhile, InvalidInput, LastConfigurator, LinkUnusable, NotFound
from idp.mails import operators as mails
from idp.models import Operator
from idp.policies.duties import Duty, OperatorStatus
from idp.policies.names import canonical_email, canonical_username, person_name_problem, username_problem
from idp.policies.tax_id import parse_tax_id
from idp.services.audit import record
from idp.services.authenticators import authenticator_of, remove_authenticator
from idp.services.constraints import breaks_unique
from idp.services.one_time_links import Link, Purpose, link_of_hash, make_link, use_link, void_links
from idp.services.operator_sessions import end_sessions_of
from idp.services.passwords import check_password, hash_password
from idp.services.secrets import new_id

SET_UP_LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOperator:
    """What is said of an operator to be."""

    username: str
    name: str
    email: str
    duties: tuple[str, ...]
    locale: str = "zh-TW"
    own_tax_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwaitedOperator:
    """The operator whom a set-up link is for."""

    operator: Operator
    link: Link


def add_operator(new: NewOperator) -> tuple[Operator, str]:
    """Add an operator, who can sign in once the link was used: ``(operator, path of the set-up link)``.

    The link is mailed too. Raises InvalidInput (``field`` username, name, email or duties), AlreadyExists.
    """
    email = _checked(new)
    own_tax_id = _checked_tax_id(new.own_tax_id)
    moment = now()
    operator = Operator(
        id=new_id("op_"),
        username=new.username.strip(),
        username_canonical=canonical_username(new.username),
        name=new.name.strip(),
        email=email,
        locale=new.locale,
        duties=list(new.duties),
        own_tax_id=own_tax_id,
        status=OperatorStatus.INVITED,
        created_at=moment,
        updated_at=moment,
        version=1,
    )
    try:
        with session.begin_nested():
            session.add(operator)
            session.flush()
    except IntegrityError as error:
        if not breaks_unique(error, "operators", "username_canonical"):
            raise
        raise AlreadyExists(field="username") from error
    record("operator:added", operator=operator.id, duties=list(new.duties))
    return operator, send_set_up_link(operator)


def send_set_up_link(operator: Operator) -> str:
    """Make the one live link by which an operator chooses password and second factor, mail it; its path."""
    token, end = make_link(Purpose.OPERATOR_SETUP, address=operator.email, lasts=SET_UP_LASTS, operator_id=operator.id)
    mails.set_up(operator, token=token, end=end)
    return f"/ops/setup/{token}"


def awaited_operator(link_hash: bytes) -> AwaitedOperator:
    """Whom a set-up link is for. Raises LinkUnusable (``because`` unknown, used, replaced, expired, suspended)."""
    link = link_of_hash(Purpose.OPERATOR_SETUP, link_hash)
    operator = session.get(Operator, link.operator_id, populate_existing=True) if link and link.operator_id else None
    if link is None or operator is None:
        raise LinkUnusable(because="unknown")
    if operator.status is OperatorStatus.SUSPENDED:
        raise LinkUnusable(because="suspended")
    if link.trouble:
        raise LinkUnusable(because=link.trouble)
    return AwaitedOperator(operator, link)


def hashed_operator_password(operator: Operator, password: str) -> str:
    """The hash of a password that follows the rules. Raises PasswordRefused. Hold no write meanwhile."""
    check_password(password, [operator.username, operator.name, operator.email.partition("@")[0]])
    return hash_password(password)


def activate(link_hash: bytes, *, password_hash: str, authenticator_id: str) -> Operator:
    """Use a set-up link up: its operator may sign in, by this password and this app, which was confirmed.

    Raises LinkUnusable, also (``because`` elsewhere) where another app was confirmed since.
    """
    operator = awaited_operator(link_hash).operator
    if authenticator_of(operator.id) != authenticator_id:
        raise LinkUnusable(because="elsewhere")
    use_link(Purpose.OPERATOR_SETUP, link_hash)
    operator.password_hash = password_hash
    operator.status = OperatorStatus.ACTIVE
    _touch(operator)
    record("operator:activated", actor=operator.id, operator=operator.id)
    return operator


def change_own_password(operator_id: str, hashed: str, *, token: str | None) -> None:
    """Give an operator another password; her sessions end but for the one of this token, and half sign-ins too."""
    operator = session.execute(select(Operator).where(Operator.id == operator_id).with_for_update()).scalar_one()
    operator.password_hash = hashed
    _touch(operator)
    end_sessions_of(operator_id, because="password_changed", but=token)
    record("operator:password:changed", actor=operator_id, operator=operator_id)


def operator_by_name(username: str) -> Operator | None:
    """The operator of this name, or None."""
    return session.scalar(select(Operator).where(Operator.username_canonical == canonical_username(username)))


def list_operators() -> list[Operator]:
    """All operators, by name."""
    return list(session.scalars(select(Operator).order_by(Operator.username_canonical)))


def operator_of_id(operator_id: str) -> Operator:
    """The operator of this id. Raises NotFound."""
    operator = session.get(Operator, operator_id)
    if operator is None:
        raise NotFound(what="operator")
    return operator


def change_duties(operator_id: str, seen_version: int, duties: Iterable[str], own_tax_id: str | None) -> Operator:
    """Give an operator other duties, which count from the next click on.

    Raises NotFound, ChangedMeanwhile, InvalidInput, and LastConfigurator where nobody could configure any more.
    """
    duties = tuple(duties)
    _check_duties(duties)
    own_tax_id = _checked_tax_id(own_tax_id)
    operator = _held(operator_id, seen_version)
    if Duty.CONFIGURATOR not in duties:
        _check_another_configurator(operator)
    before = list(operator.duties)
    operator.duties, operator.own_tax_id = list(duties), own_tax_id
    _touch(operator)
    record("operator:duties:changed", operator=operator.id, before=before, after=list(duties))
    return operator


def suspend_operator(operator_id: str, seen_version: int) -> Operator:
    """Let an operator in no more; running sessions end. Raises NotFound, ChangedMeanwhile, LastConfigurator.

    A reset lets her in again.
    """
    operator = _held(operator_id, seen_version)
    _check_another_configurator(operator)
    operator.status = OperatorStatus.SUSPENDED
    _touch(operator)
    void_links(Purpose.OPERATOR_SETUP, operator_id=operator.id)
    end_sessions_of(operator.id, because="suspended")
    record("operator:suspended", operator=operator.id)
    return operator


def reset_operator(operator_id: str, seen_version: int, *, may_be_last: bool = False) -> tuple[Operator, str]:
    """Take password and second factor away and send a new set-up link: ``(operator, path)``.

    Raises NotFound, ChangedMeanwhile, and LastConfigurator unless ``may_be_last`` (the command line helps then).
    """
    operator = _held(operator_id, seen_version)
    if not may_be_last:
        _check_another_configurator(operator)
    operator.password_hash = None
    operator.status = OperatorStatus.INVITED
    _touch(operator)
    remove_authenticator(operator.id)
    end_sessions_of(operator.id, because="reset")
    record("operator:reset", operator=operator.id)
    return operator, send_set_up_link(operator)


def _held(operator_id: str, seen_version: int) -> Operator:
    # All of them, in the order of their ids: of two who step down at once the second sees what the first did.
    held = session.scalars(
        select(Operator).order_by(Operator.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    operator = next((one for one in held if one.id == operator_id), None)
    if operator is None:
        raise NotFound(what="operator")
    if operator.version != seen_version:
        raise ChangedMeanwhile
    return operator


def _touch(operator: Operator) -> None:
    operator.version += 1
    operator.updated_at = now()
    session.flush()


def _check_another_configurator(operator: Operator) -> None:
    if operator.status is not OperatorStatus.ACTIVE or Duty.CONFIGURATOR not in operator.duties:
        return
    others = session.scalars(
        select(Operator).where(Operator.status == OperatorStatus.ACTIVE, Operator.id != operator.id)
    )
    if not any(Duty.CONFIGURATOR in other.duties for other in others):
        raise LastConfigurator


def _checked_tax_id(text: str | None) -> str | None:
    if not (text or "").strip():
        return None
    tax_id = parse_tax_id(text or "")
    if tax_id is None:
        raise InvalidInput(field="own_tax_id", problem="tax_id.form")
    return tax_id


def _checked(new: NewOperator) -> str:
    for field, problem in (
        ("username", username_problem(new.username)),
        ("name", person_name_problem(new.name)),
    ):
        if problem:
            raise InvalidInput(field=field, problem=problem)
    email = canonical_email(new.email)
    if email is None:
        raise InvalidInput(field="email", problem="email.form")
    _check_duties(new.duties)
    return email


def _check_duties(duties: tuple[str, ...]) -> None:
    if not duties or any(duty not in list(Duty) for duty in duties):
        raise InvalidInput(field="duties", problem="operator.duties")
