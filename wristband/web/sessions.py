"""Cookies: one for each signed-in door, below its own prefix; everywhere else none at all."""

from __future__ import annotations

from flask import Flask, Request, Response, make_response, redirect, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from wristband.accounts.rules import LASTS, Door

# Where each signed-in door lives; its cookie is sent nowhere else.
PREFIXES = {Door.FAMILY: "/family", Door.POLICE: "/police"}

# What a door's cookie holds: which sign-in this is, and where a person wanted to go before signing in.
REFERENCE = "reference"
THEN = "then"

# Pages of the police door at which a sign-in is completed: below its prefix.
SECOND = "/sign-in/second"
FACTORS = "/own/factors"
PROVE = "/prove"


def door_of(path: str) -> Door | None:
    """The signed-in door a path belongs to."""
    return next((door for door, prefix in PREFIXES.items() if path == prefix or path.startswith(f"{prefix}/")), None)


def enter(reference: str, home: str) -> Response:
    """Signed in: on to where the person wanted to go, or `home`. Nothing else is taken over from before."""
    then = session.get(THEN, "")
    if door_of(then.partition("?")[0]) is not door_of(home):  # a way back leads into this door or nowhere
        then = home
    session.clear()
    session[REFERENCE] = reference
    return make_response(redirect(then, code=303))


def leave(address: str) -> Response:
    """Signed out: on to `address`, and the browser keeps nothing of what it has shown."""
    session.clear()
    response = make_response(redirect(address, code=303))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


class _NoSession(SecureCookieSession):
    """What a door without cookies has: empty, and refusing to be written."""

    def __setitem__(self, key: str, value: object) -> None:
        raise RuntimeError("this door keeps no cookie")


class DoorSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, under a name and a path of the door the request came to."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        """Signs with the forms' key of this moment and reads with all of them."""
        return URLSafeTimedSerializer(
            app.config["WTF_CSRF_SECRET_KEY"],
            salt=self.salt,
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        door = door_of(request.path)
        if door is None:
            return _NoSession()
        cookie = request.cookies.get(self._name(door, request))
        if not cookie:
            return self.session_class()
        try:
            return self.session_class(self.get_signing_serializer(app).loads(cookie))
        except Exception:  # a cookie that does not read is no cookie: whatever was sent, the page opens
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        from flask import request

        door = door_of(request.path)
        if door is None:
            return
        response.vary.add("Cookie")
        if not session.modified:
            return
        name, path, secure = self._name(door, request), PREFIXES[door], request.is_secure
        if not session:
            response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="Lax")
        else:
            value = self.get_signing_serializer(app).dumps(dict(session))
            # A family in panic must not wait for a code: its cookie outlives the window. An officer's does not.
            lasts = LASTS[door] if door is Door.FAMILY else None
            response.set_cookie(name, value, max_age=lasts, path=path, secure=secure, httponly=True, samesite="Lax")

    @staticmethod
    def _name(door: Door, request: Request) -> str:
        prefix = "__Secure-" if request.is_secure else ""
        return f"{prefix}wristband_{door.value}"
