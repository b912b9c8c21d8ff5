"""How moments, distances and codes read on a page."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from functools import cache
from pathlib import Path

from babel.dates import format_skeleton
from flask import Flask, current_app

from wristband import clock
from wristband.clock import ZONE
from wristband.web.language import current
from wristband.web.language import gettext as _


def clock_time(moment: datetime) -> str:
    """`14:05`, in the instance's zone."""
    return moment.astimezone(ZONE).strftime("%H:%M")


def day_time(moment: datetime) -> str:
    """`今天 14:05`, `11月23日 14:05`, with the year where it is another one."""
    local, today = moment.astimezone(ZONE), clock.now().astimezone(ZONE)
    if local.date() == today.date():
        return _("今天 %(time)s", time=f"{local:%H:%M}")
    skeleton = "MMMd" if local.year == today.year else "yMMMd"
    day = format_skeleton(skeleton, local, locale=current().replace("-", "_"))
    return _("%(day)s %(time)s", day=day, time=f"{local:%H:%M}")


def duration(seconds: float) -> str:
    """How long to wait, rounded up the way people say it."""
    if seconds < 60:
        return _("%(n)s 秒", n=math.ceil(seconds))
    if seconds < 3600:
        return _("%(n)s 分钟", n=math.ceil(seconds / 60))
    return _("%(n)s 小时", n=math.ceil(seconds / 3600))


def lasted(seconds: float) -> str:
    """How long something took, in the two largest units that say it."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return _("%(n)s 秒", n=round(seconds))
    if minutes < 60:
        return _("%(n)s 分钟", n=minutes)
    if minutes % 60 == 0:
        return _("%(n)s 小时", n=minutes // 60)
    return _("%(hours)s 小时 %(minutes)s 分", hours=minutes // 60, minutes=minutes % 60)


def distance(metres: float) -> str:
    """A straight-line distance, rounded the way people say it."""
    if metres < 1000:
        return _("约 %(n)s 米", n=max(10, int(round(metres, -1))) if metres < 100 else round(metres / 50) * 50)
    return _("约 %(n)s 公里", n=f"{metres / 1000:.1f}" if metres < 10_000 else round(metres / 1000))


@cache
def digest(path: str) -> str:
    """What tells one content of a static file from another: its address carries it, so that it can be kept for ever."""
    return hashlib.sha256((Path(str(current_app.static_folder)) / path).read_bytes()).hexdigest()[:12]


def attach(app: Flask) -> None:
    app.jinja_env.filters.update(time=day_time, clock=clock_time, distance=distance, lasted=lasted)

    # Not by url_for: a refusal is told under a host that no address can be built for, too.
    app.jinja_env.globals["static"] = lambda path: f"{app.static_url_path}/{path}?v={digest(path)}"
