"""What the tests of the exchange ask for and read: answers checked against the schemas."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from xml.etree.ElementTree import Element

import xmlschema
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.house.tree import ROOT
from tests.services.released import DOMAIN
from tests.world import World
from wristband import clock
from wristband.incidents.rules import Disposition, IncidentState
from wristband.interchange import pfif_reading, xml
from wristband.interchange.pfif import Note, Person
from wristband.services import handling

OURS = "wristband.example.org"
HOUR = timedelta(hours=1)
ATOM = "{http://www.w3.org/2005/Atom}"
STATUS = "{http://zesty.ca/pfif/1.4/status}"


@cache
def schema(name: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(ROOT / "tests" / "files" / "schemas" / name)


def get(client: FlaskClient, path: str, key: str, **query: object) -> TestResponse:
    return client.get(path, query_string={"key": key, **query})


def post(client: FlaskClient, key: str, document: bytes) -> TestResponse:
    return client.post("/pfif/api/write", query_string={"key": key}, data=document)


def persons(answer: TestResponse) -> list[Person]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    schema("pfif-1.4.xsd").validate(answer.get_data(as_text=True))
    return pfif_reading.read(answer.data, now=clock.now()).persons


def entries(answer: TestResponse) -> list[Element]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "application/atom+xml"
    return xml.read(answer.data).findall(f"{ATOM}entry")


def ids(answer: TestResponse) -> list[str]:
    return [(entry.findtext(f"{ATOM}id") or "").removeprefix("pfif:") for entry in entries(answer)]


def counts(answer: TestResponse) -> list[tuple[str, str, int]]:
    """Of persons, then of notes: parsed, written, how many were skipped."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    schema("pfif-status.xsd").validate(answer.get_data(as_text=True))
    kinds = list(xml.read(answer.data))
    return [
        (one.findtext(f"{STATUS}parsed") or "", one.findtext(f"{STATUS}written") or "", _skipped(one)) for one in kinds
    ]


def _skipped(kind: Element) -> int:
    return len(kind.findall(f"{STATUS}skipped"))


def close(incident_id: int, world: World, at: datetime) -> None:
    end = Disposition.WITH_FAMILY
    handling.move(incident_id, IncidentState.CLOSED, officer=world.officer, disposition=end, now=at)


def note_on(public_id: str, at: datetime, local: str = "n1", **more: object) -> Note:
    return Note(
        **{  # type: ignore[arg-type]
            "note_record_id": f"{DOMAIN}/{local}",
            "person_record_id": f"{OURS}/{public_id}",
            "source_date": at.replace(microsecond=0),
            "author_name": "示例救助站",
            "text": "在车站见过",
            **more,
        }
    )
