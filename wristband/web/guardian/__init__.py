"""The family's door."""

from flask import Blueprint

family = Blueprint("family", __name__, url_prefix="/family")

from wristband.web.guardian import (  # noqa: E402  the views
    acknowledging,  # noqa: F401
    bands,  # noqa: F401
    board,  # noqa: F401
    calls,  # noqa: F401
    circle,  # noqa: F401
    consents,  # noqa: F401
    disclosures,  # noqa: F401
    drills,  # noqa: F401
    elders,  # noqa: F401
    handing_over,  # noqa: F401
    history,  # noqa: F401
    proposals,  # noqa: F401
    quiet,  # noqa: F401
    ready,  # noqa: F401
    releases,  # noqa: F401
    rights,  # noqa: F401
    sign_in,  # noqa: F401
    voices,  # noqa: F401
)
