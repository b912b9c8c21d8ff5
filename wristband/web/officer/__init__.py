"""The police door."""

from flask import Blueprint

police = Blueprint("police", __name__, url_prefix="/police")

from wristband.web.officer import (  # noqa: E402  the views
    bands,  # noqa: F401
    board,  # noqa: F401
    calls,  # noqa: F401
    desk,  # noqa: F401
    incidents,  # noqa: F401
    joining,  # noqa: F401
    looks,  # noqa: F401
    sign_in,  # noqa: F401
    stream,  # noqa: F401
)
