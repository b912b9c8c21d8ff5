"""Who may knock: every view wears exactly one of these, and a test lists them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, request, session
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms.validators import ValidationError

from wristband import clock
from wristband.accounts.rules import Act, Door, GuardianAccount, OfficerAccount, may
from wristband.errors import NotAllowed, SignInNeeded
from wristband.services import signing_in
from wristband.web.forms import check_form
from wristband.web.sessions import REFERENCE

View = TypeVar("View", bound=Callable[..., Any])


def _marked(view: Callable[..., Any], guard: str) -> Callable[..., Any]:
    view.guard = guard  # type: ignore[attr-defined]
    return view


def anyone(view: View) -> View:
    """Everybody, and nothing is changed: a GET."""
    return _marked(view, "anyone")  # type: ignore[return-value]


def finder_tap(view: Callable[..., Any]) -> Callable[..., Any]:
    """A finder's POST. The token is the capability; another site's page may not make the tap.

    A page under `Referrer-Policy: no-referrer` sends `Origin: null`, and an old in-app browser sends neither
    header: both are taken, and marked as low trust unless Sec-Fetch-Site vouches for them.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if _from_another_site():
            raise NotAllowed("page.other_site")
        check_form()
        g.low_trust = not request.headers.get("Sec-Fetch-Site") and _origin() is None
        return view(*args, **kwargs)

    return _marked(guarded, "finder_tap")


def signed(view: View) -> View:
    """A machine that proves itself by what it sends: the view has that checked before it reads anything else."""
    return _marked(view, "signed")  # type: ignore[return-value]


def linked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Whoever holds the link of a message: it is the capability, and the web views of chats keep no cookie."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and _from_another_site():
            raise NotAllowed("page.other_site")
        check_form()
        return view(*args, **kwargs)

    return _marked(guarded, "linked")


def visitor(view: Callable[..., Any]) -> Callable[..., Any]:
    """Somebody not yet signed in at a door with a cookie; a POST needs the form's token."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        _check_form()
        return view(*args, **kwargs)

    return _marked(guarded, "visitor")


def guardian(view: Callable[..., Any]) -> Callable[..., Any]:
    """A signed-in guardian, in `g.account`."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        account = signing_in.resume(session.get(REFERENCE), Door.FAMILY, now=clock.now())
        if not isinstance(account, GuardianAccount):
            raise SignInNeeded("accounts.sign_in_needed")
        _enter(account)
        return view(*args, **kwargs)

    return _marked(guarded, "guardian")


def officer(act: Act) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A signed-in officer whose role may do `act`, in `g.account`."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            # What a desk's script asks for by itself keeps no unattended desk signed in.
            by_hand = "X-Part" not in request.headers and request.accept_mimetypes.best != "text/event-stream"
            account = signing_in.resume(session.get(REFERENCE), Door.POLICE, by_hand=by_hand, now=clock.now())
            if not isinstance(account, OfficerAccount):
                raise SignInNeeded("accounts.sign_in_needed")
            if not may(account.role, act):
                raise NotAllowed("accounts.not_your_role")
            _enter(account)
            return view(*args, **kwargs)

        return _marked(guarded, f"officer:{act.value}")

    return decorate


def _enter(account: GuardianAccount | OfficerAccount) -> None:
    g.account = account
    _check_form()


def _check_form() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if _from_another_site():
        raise NotAllowed("page.other_site")
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except (CSRFError, ValidationError):
        raise NotAllowed("page.form_stale") from None
    check_form()


def _from_another_site() -> bool:
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    origin = _origin()
    return origin is not None and origin.partition("://")[2] != request.host


def _origin() -> str | None:
    """The page's origin where the browser tells it: `null` tells nothing."""
    origin = request.headers.get("Origin")
    return None if origin in ("", "null") else origin
