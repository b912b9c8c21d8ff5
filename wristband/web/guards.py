"""Who may knock: every view wears exactly one of these, and a test lists them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, redirect, request, session
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms.validators import ValidationError

from wristband import clock
from wristband.accounts.rules import Act, Door, GuardianAccount, OfficerAccount, Presence, Stage, may
from wristband.errors import NotAllowed, ProofNeeded, SignInNeeded
from wristband.language import LANGUAGES
from wristband.services import signing_in
from wristband.web.forms import check_form
from wristband.web.pages import settings
from wristband.web.sections import home_of
from wristband.web.sessions import FACTORS, PREFIXES, PROVE, REFERENCE, SECOND

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


def officer(
    act: Act | None = None, *, stepped_up: bool = False, enrolling: bool = False, home: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A signed-in officer whose role may do `act`, in `g.account`; without an act, every officer.

    `stepped_up` is for what is sensitive: whoever has proved herself more than ten minutes ago does so again first.
    `enrolling` marks the pages that open without a second factor where one has to be. `home` is the one page that
    leads a role which may not see it to its own first page.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            presence = _whole()
            if not presence.has_factor and not enrolling and settings().second_factor == "required":
                raise ProofNeeded("accounts.factor_to_set_up", page=FACTORS)
            if act is not None and not may(presence.account.role, act):
                if home and request.method == "GET":
                    return redirect(home_of(presence.account.acts), code=303)
                raise NotAllowed("accounts.not_your_role")
            _enter(presence.account)
            if stepped_up and not presence.is_fresh(clock.now()):
                raise ProofNeeded("accounts.proof_needed", page=PROVE)
            return view(*args, **kwargs)

        return _marked(guarded, f"officer:{act.value if act else 'any'}")

    return decorate


def halfway(view: Callable[..., Any]) -> Callable[..., Any]:
    """An officer whose password was right and whose second factor is owed, in `g.presence`; she has no account yet."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        presence = signing_in.resume_officer(session.get(REFERENCE), now=clock.now())
        if presence is None:
            raise SignInNeeded("accounts.sign_in_needed")
        if presence.stage is Stage.WHOLE:
            return redirect(PREFIXES[Door.POLICE], code=303)
        g.presence = presence
        _check_form()
        return view(*args, **kwargs)

    return _marked(guarded, "halfway")


def listening(act: Act) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A browser whose officer may have left the desk: signed in within twelve hours, in `g.listener`.

    There is no `g.account`: no page and no record opens by it, and it keeps no sign-in alive.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            presence = signing_in.may_listen(session.get(REFERENCE), now=clock.now())
            if presence is None or (not presence.has_factor and settings().second_factor == "required"):
                raise SignInNeeded("accounts.sign_in_needed")
            if not may(presence.account.role, act):
                raise NotAllowed("accounts.not_your_role")
            g.listener = presence.account
            return view(*args, **kwargs)

        return _marked(guarded, f"listening:{act.value}")

    return decorate


def _whole() -> Presence:
    """The officer who is signed in, in `g.presence`. Raises SignInNeeded, ProofNeeded."""
    # What a desk's script asks for by itself keeps no unattended desk signed in.
    by_hand = "X-Part" not in request.headers and request.accept_mimetypes.best != "text/event-stream"
    presence = signing_in.resume_officer(session.get(REFERENCE), by_hand=by_hand, now=clock.now())
    if presence is None:
        raise SignInNeeded("accounts.sign_in_needed")
    if presence.stage is not Stage.WHOLE:
        raise ProofNeeded("accounts.second_factor_needed", page=SECOND)
    g.presence = presence
    return presence


def _enter(account: GuardianAccount | OfficerAccount) -> None:
    g.account = account
    if isinstance(account, OfficerAccount) and account.language in LANGUAGES and "lang" not in request.args:
        g.language = account.language
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
