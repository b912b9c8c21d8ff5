"""Headers every answer carries, and the closed content security policy."""

from __future__ import annotations

import base64
import hashlib

from flask import Flask, Response, g, request

from wristband.web import filters

_POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self'",
    "media-src": "'none'",
    "object-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "require-trusted-types-for": "'script'",
}


# The answers that carry a portrait inside the page, so that it has no address to be passed on.
_PICTURE_INSIDE = frozenset(
    {
        *("finder.enter_check_code", "finder.enter_phone_code", "finder.card", "police.break_glass"),
        # A record that an officer has opened, and whatever comes back to it with a refusal.
        *("police.record", "police.open_record", "police.compare", "police.merge_records", "police.confirm_record"),
        *("police.dispute_record", "police.settle_dispute", "police.ask_removal", "police.decide_removal"),
        *("police.note_death", "police.undo_death", "police.leave", "police.issue_band", "police.take_record"),
        "police.undo_merge",
    }
)
# Where the family's voice may come from: inside a finder's card, as the portrait; a guardian's own address for it, and
# what she has just recorded, before it is sent.
_VOICE_FROM = {
    "finder.enter_check_code": "data:",
    "finder.enter_phone_code": "data:",
    "finder.card": "data:",
    "family.elder": "'self'",
    "family.voice": "'self' blob:",
    "family.keep_voice": "'self' blob:",
}
# The pages that may ask for the microphone.
_RECORDS = frozenset({"family.voice", "family.keep_voice"})
# And the one that may ask for the camera: a portrait is taken at the counter.
_TAKES_PICTURES = frozenset({"police.new_record", "police.register_record"})


def style_hash(css: str) -> str:
    """The policy's source expression that allows exactly this inline style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}'"


def closed_policy(
    style: str = "'self'",
    script: str = "'self'",
    connect: str = "'self'",
    picture: str = "'self'",
    media: str = "'none'",
) -> str:
    """The policy, with one style source in place of our own style sheets; scripts, pictures and sound as said."""
    policy = {
        **_POLICY,
        "style-src": style,
        "script-src": script,
        "connect-src": connect,
        "img-src": picture,
        "media-src": media,
    }
    return "; ".join(f"{directive} {value}" for directive, value in policy.items())


def _usual_policy() -> str:
    endpoint = request.endpoint or ""
    picture = "'self' data:" if endpoint in _PICTURE_INSIDE else "'self'"
    return closed_policy(picture=picture, media=_VOICE_FROM.get(endpoint, "'none'"))


def _names_its_content() -> bool:
    """Whether the address of a static file carries the digest of what is there now, as our pages write it."""
    return request.args.get("v") == filters.digest((request.view_args or {}).get("filename", ""))


def attach(app: Flask) -> None:
    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", g.get("content_security_policy") or _usual_policy())
        headers.setdefault("X-Frame-Options", "DENY")  # for web views older than frame-ancestors
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        microphone = "(self)" if request.endpoint in _RECORDS else "()"
        camera = "(self)" if request.endpoint in _TAKES_PICTURES else "()"
        asked = f"geolocation=(self), camera={camera}, microphone={microphone}, payment=()"
        headers.setdefault("Permissions-Policy", asked)
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if request.endpoint == "static" and response.status_code in (200, 206, 304) and _names_its_content():
            # What such an address names never changes.
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers["Cache-Control"] = "no-store"
        return response
