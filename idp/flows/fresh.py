"""A fresh sign-in: who does what is sensitive proves again that it is she (security.md §3 "re-auth"; LK04).

page --> signed in within the last ten minutes, by two factors where she has a second --> the page does its work
     --> longer ago, or by less --> sign-in page, fixed to the person who is signed in --> the page again
"""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from idp.browser import current_sign_in
from idp.db import now
from idp.policies.assurance import is_fresh
from idp.services.step_up import falls_short_of_own


def has_fresh_sign_in() -> bool:
    """Whether the person at the keyboard signed in so lately, and by as much as she has, that it need not be again."""
    signed_in = current_sign_in()
    return signed_in is not None and is_fresh(signed_in.auth_time, now=now()) and not falls_short_of_own(signed_in)


def fresh_sign_in() -> ResponseReturnValue | None:
    """None where the sign-in is fresh; else the way to the sign-in page, which leads back to this page (by GET).

    For the pages of who is signed in: the first line of a view, ``if (again := fresh_sign_in()) is not None: return
    again``. What was typed into a form that is sent too late is not kept: it may hold a password.
    """
    if has_fresh_sign_in():
        return None
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return redirect(url_for("sign_in.ask", back=back, again=1), 303)
