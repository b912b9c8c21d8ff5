"""The family's door."""

from flask import Blueprint

family = Blueprint("family", __name__, url_prefix="/family")

from wristband.web.guardian import bands, calls, elders, sign_in  # noqa: E402, F401  the views
