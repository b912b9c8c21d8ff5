"""The passer-by's door: no cookie, no login, every page works without script."""

from flask import Blueprint

finder = Blueprint("finder", __name__)

from wristband.web.finder import asking, board, handing_over, keeping, opening, pinning, proving, supplementing, ways  # noqa: E402, F401  the views
