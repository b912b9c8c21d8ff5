"""The partners' door for records and broadcasts: /pfif as Person Finder speaks it, and /cap."""

from wristband.web.partner.exchange import cap, pfif  # noqa: F401  the views
from wristband.web.partner.exchange.door import exchange

__all__ = ["exchange"]
