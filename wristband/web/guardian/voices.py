"""The family's voice: recorded in the browser or chosen as a file, listened to, replaced, deleted."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.elders import queries, voices
from wristband.elders.rules import CONSENT_TEXTS, Purpose
from wristband.errors import BadValue, TooMany, Unavailable
from wristband.services import recording
from wristband.web.errors import refused, sentence
from wristband.web.forms import with_file
from wristband.web.guardian import family
from wristband.web.guards import guardian

# One byte beyond what a recording may have shows that it has too many.
_ENOUGH_BYTES = voices.MOST_BYTES + 1


@family.get("/elders/<int:elder_id>/voice")
@guardian
def voice(elder_id: int) -> str:
    return _page(elder_id)


@family.post("/elders/<int:elder_id>/voice")
@with_file
@guardian
def keep_voice(elder_id: int) -> Response:
    """A recording in place of the one before; the page that follows plays it as the elder will hear it."""
    me = g.account.guardian_id
    queries.get_elder(elder_id, guardian_id=me)
    agreed = request.form.get("agreed") == "yes"
    try:
        file = request.files.get("voice")
        if file is None or not file.filename:
            raise BadValue("voice.missing")
        kept = recording.keep(elder_id, file.read(_ENOUGH_BYTES), agreed=agreed, guardian_id=me, now=clock.now())
    except (BadValue, TooMany, Unavailable) as refusal:
        return refused(_page(elder_id, error=sentence(refusal), agreed=agreed), refusal)
    told = "cut" if kept.cut else "yes"
    return make_response(redirect(url_for("family.voice", elder_id=elder_id, kept=told), code=303))


@family.post("/elders/<int:elder_id>/voice/remove")
@guardian
def remove_voice(elder_id: int) -> Response:
    recording.remove(elder_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.elder", elder_id=elder_id, _anchor="voice"), code=303))


@family.get("/elders/<int:elder_id>/voice.mp3")
@guardian
def voice_sound(elder_id: int) -> Response:
    mp3 = recording.sound(elder_id, guardian_id=g.account.guardian_id)
    response = Response(mp3, mimetype="audio/mpeg")
    # Safari plays nothing that it cannot ask for in parts.
    response.make_conditional(request, accept_ranges=True, complete_length=len(mp3))
    return response


def _page(elder_id: int, *, error: str = "", agreed: bool = False) -> str:
    return render_template(
        "guardian/voice.html",
        door="family",
        elder=queries.get_elder(elder_id, guardian_id=g.account.guardian_id),
        voice=queries.find_voice(elder_id),
        consented=queries.consented(elder_id, Purpose.VOICE),
        consent_text=CONSENT_TEXTS[Purpose.VOICE],
        longest_s=voices.LONGEST_S,
        told=request.args.get("kept", "") if not error else "",
        agreed=agreed,
        error=error,
    )
