"""The partners' door: /api/v1."""

from wristband.web.partner import operations, reading_room  # noqa: F401  the views
from wristband.web.partner.door import partner

__all__ = ["partner"]
