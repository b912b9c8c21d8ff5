"""What the desk's pages are for, in plain words; and the station's drill, one page to print."""

from __future__ import annotations

from flask import render_template

from wristband.accounts.rules import Act
from wristband.house import house
from wristband.web.guards import officer
from wristband.web.officer import police


@police.get("/guide")
@officer()
def guide() -> str:
    """Every role has something there: what it may not do is left out."""
    settings = house().settings
    return render_template(
        "officer/guide.html", door="police", amber_s=settings.desk_amber_s, red_s=settings.desk_red_s
    )


@police.get("/drill")
@officer(Act.HANDLE_INCIDENT)
def station_drill() -> str:
    """To print: a month's drill from a finder's scan to the closing, with a blank band, so that no family is rung."""
    return render_template("officer/station_drill.html", door="police", red_s=house().settings.desk_red_s)
