"""Messages to operators."""

from datetime import datetime

from idp.mails.compose import compose_to
from idp.models import Operator


def set_up(operator: Operator, *, token: str, end: datetime) -> None:
    """營運人員設定連結: one link to choose password and second factor, its end as clock time."""
    compose_to(
        "operator_set_up",
        recipient=operator.email,
        locale=operator.locale,
        service_id=None,
        secret_path=f"/ops/setup/{token}",
        name=operator.name,
        username=operator.username,
        until=end.isoformat(),
    )
