"""The machines' door."""

from wristband.web.platform import police, receipts
from wristband.web.platform.door import platform

__all__ = ["platform", "police", "receipts"]
