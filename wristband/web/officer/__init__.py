"""The police door."""

from flask import Blueprint

police = Blueprint("police", __name__, url_prefix="/police")

from wristband.web.officer import (  # noqa: E402  the views
    bands,  # noqa: F401
    bell,  # noqa: F401
    board,  # noqa: F401
    calls,  # noqa: F401
    desk,  # noqa: F401
    guide,  # noqa: F401
    incidents,  # noqa: F401
    joining,  # noqa: F401
    looks,  # noqa: F401
    numbers,  # noqa: F401
    own,  # noqa: F401
    own_factors,  # noqa: F401
    partner_webhooks,  # noqa: F401
    partners,  # noqa: F401
    proving,  # noqa: F401
    records,  # noqa: F401
    records_counter,  # noqa: F401
    records_deeds,  # noqa: F401
    records_moves,  # noqa: F401
    records_one,  # noqa: F401
    releases,  # noqa: F401
    sheets,  # noqa: F401
    sheets_out,  # noqa: F401
    sign_in,  # noqa: F401
    staff,  # noqa: F401
    stream,  # noqa: F401
)
