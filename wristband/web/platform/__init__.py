"""The machines' door."""

from wristband.web.platform import receipts
from wristband.web.platform.door import platform

__all__ = ["platform", "receipts"]
