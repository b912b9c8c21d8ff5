"""The police door."""

from flask import Blueprint

police = Blueprint("police", __name__, url_prefix="/police")

from wristband.web.officer import bands, board, desk, incidents, looks, sign_in, stream  # noqa: E402, F401  the views
