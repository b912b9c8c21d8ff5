"""The one place that knows what time it is, and in which zone people read it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
"""The instance's own zone; China has one."""


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
