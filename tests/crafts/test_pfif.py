"""PFIF 1.4: what we write is valid and reads back the same; what others write is read to the letter, and leniently."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from tests.house.tree import ROOT
from wristband.errors import BadValue
from wristband.interchange import atom, pfif, pfif_checks, pfif_reading, pfif_reply, xml
from wristband.interchange.pfif import Note, Person
from wristband.interchange.pfif_reading import Misfit
from wristband.interchange.pfif_reply import Written

NOW = datetime(2026, 1, 10, 5, 20, tzinfo=UTC)
HOME = "wristband.example.org"
NOTE = Note(
    f"{HOME}/n.51",
    f"{HOME}/i.7f3a91",
    source_date=NOW,
    author_name="示例派出所",
    text="在公交站坐着",
    status="believed_alive",
)
PERSON = Person(f"{HOME}/i.7f3a91", entry_date=NOW, source_date=NOW, full_name="示例", notes=(NOTE,))


@cache
def schema(name: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(ROOT / "tests" / "files" / "schemas" / name)


def inside(fields_of_person: str, *, namespace: str = pfif.NAMESPACE) -> bytes:
    return f'<p:pfif xmlns:p="{namespace}"><p:person>{fields_of_person}</p:person></p:pfif>'.encode()


def said(**texts: str) -> str:
    return "".join(f"<p:{name}>{text}</p:{name}>" for name, text in texts.items())


USUAL = {"person_record_id": f"{HOME}/1", "source_date": "2026-01-10T05:20:00Z", "full_name": "某人"}


# ---- there and back

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(lambda text: xml.clean(text).strip())
_MOMENT = st.datetimes(datetime(1990, 1, 1), datetime(2026, 1, 10)).map(  # noqa: DTZ001  the zone comes with replace
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
_FREE = {
    "author_name",
    "author_email",
    "source_name",
    "given_name",
    "family_name",
    "alternate_names",
    "description",
    "home_city",
    "home_postal_code",
}
PERSONS = st.builds(
    Person,
    person_record_id=st.from_regex(r"[a-z][a-z0-9]{0,10}\.[a-z]{2,5}/[!-;=?-~]{1,20}", fullmatch=True),
    source_date=_MOMENT,
    entry_date=st.none() | _MOMENT,
    full_name=_TEXT.filter(bool),
    sex=st.sampled_from(["", "female", "male", "other"]),
    age=st.sampled_from(["", "81", "80-84"]),
    home_country=st.sampled_from(["", "CN"]),
    home_state=st.sampled_from(["", "CN-FJ"]),
    **dict.fromkeys(sorted(_FREE), _TEXT),
)


@given(PERSONS)
def test_what_is_written_reads_back_the_same(person: Person) -> None:
    reading = pfif_reading.read(pfif.document([person]), now=NOW)
    assert reading.person_misfits == []
    assert reading.persons == [person]


@given(PERSONS)
def test_what_is_written_is_valid(person: Person) -> None:
    schema("pfif-1.4.xsd").validate(pfif.document([person]).decode())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(document: bytes) -> None:
    refused = ""
    try:
        pfif_reading.read(document, now=NOW)
    except BadValue as refusal:
        refused = refusal.code
    assert refused.partition(".")[0] in ("xml", "pfif")


def test_a_person_with_notes_is_valid_and_in_the_order_of_the_specification() -> None:
    document = pfif.document([PERSON]).decode()
    schema("pfif-1.4.xsd").validate(document)
    names = [xml.local_name(element) for element in xml.read(document.encode())[0]]
    assert names == ["person_record_id", "entry_date", "source_date", "full_name", "note"]


def test_a_placeholder_says_four_fields_and_an_empty_name() -> None:
    document = pfif.document([pfif.placeholder(f"{HOME}/i.1", NOW)])
    schema("pfif-1.4.xsd").validate(document.decode())
    told = {xml.local_name(element): element.text for element in xml.read(document)[0]}
    at = "2026-01-10T05:20:00Z"
    assert told == {
        "person_record_id": f"{HOME}/i.1",
        "entry_date": at,
        "expiry_date": at,
        "source_date": at,
        "full_name": None,
    }


def test_a_placeholder_of_others_is_taken_with_and_without_the_empty_name() -> None:
    there = {"person_record_id": f"{HOME}/1", "expiry_date": "2026-01-10T05:00:00Z"}
    for name in ({}, {"full_name": ""}):
        read = pfif_reading.read(inside(said(**there, source_date="2026-01-10T05:00:00Z", **name)), now=NOW)
        assert [pfif.is_placeholder(person) for person in read.persons] == [True]


def test_moments_are_utc_whole_seconds_and_z() -> None:
    east = NOW.replace(microsecond=999_999).astimezone(tz=datetime.fromisoformat("2026-01-01T00:00+08:00").tzinfo)
    assert pfif.when(east) == "2026-01-10T05:20:00Z"


# ---- lenient where told


@pytest.mark.parametrize("minor", [1, 2, 3])
def test_the_names_of_older_versions_are_read_as_those_of_today(minor: int) -> None:
    old = {"first_name": "秀英", "last_name": "林", "home_zip": "361100", "other": "灰外套"}
    document = inside(
        said(person_record_id=f"{HOME}/1", source_date="2026-01-10T05:20:00Z", **old),
        namespace=f"http://zesty.ca/pfif/1.{minor}",
    )
    (person,) = pfif_reading.read(document, now=NOW).persons
    assert (person.given_name, person.family_name, person.full_name) == ("秀英", "林", "林 秀英")
    assert (person.home_postal_code, person.description) == ("361100", "灰外套")


def test_a_name_of_today_counts_more_than_an_old_one() -> None:
    (person,) = pfif_reading.read(inside(said(**USUAL, other="旧", description="新")), now=NOW).persons
    assert person.description == "新"


def test_elements_that_pfif_does_not_know_are_passed_over() -> None:
    more = '<p:shoe_size>38</p:shoe_size><x:full_name xmlns:x="urn:x">别人</x:full_name>'
    (person,) = pfif_reading.read(inside(said(**USUAL) + more), now=NOW).persons
    assert person.full_name == "某人"


def test_a_note_inside_a_person_needs_not_name_it() -> None:
    note = "<p:note>" + said(
        note_record_id=f"{HOME}/n", author_name="某", source_date="2026-01-10T05:20:00Z", text="见过", found="true"
    )
    (read,) = pfif_reading.read(inside(said(**USUAL) + note + "</p:note>"), now=NOW).notes
    assert (read.person_record_id, read.author_made_contact) == (f"{HOME}/1", "true")


# ---- strict where a mistake would be kept


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("person_record_id", "110.example.cn/1"),
        ("person_record_id", "example"),
        ("source_date", "2026-01-10T05:20:00.5Z"),
        ("source_date", "2026-01-10T05:20:00+08:00"),
        ("source_date", "2026-02-30T05:20:00Z"),
        ("source_date", "2026-01-10T05:31:00Z"),
        ("source_date", "9999-99-99T99:99:99Z"),
        ("full_name", ""),
        ("sex", "女"),
        ("age", "84-80"),
        ("age", "eighty"),
        ("home_country", "China"),
        ("date_of_birth", "1943-13"),
        ("photo_url", "javascript:alert(1)"),
        ("description", "长" * 10_001),
    ],
)
def test_a_record_with_a_fault_is_skipped_and_the_fault_named(field: str, text: str) -> None:
    good = said(**{**USUAL, "person_record_id": f"{HOME}/good"})
    document = inside(said(**{**USUAL, field: text})).replace(
        b"</p:pfif>", f"<p:person>{good}</p:person></p:pfif>".encode()
    )
    reading = pfif_reading.read(document, now=NOW)
    assert [misfit.error.startswith(f"{field}: ") for misfit in reading.person_misfits] == [True]
    assert [person.person_record_id for person in reading.persons] == [f"{HOME}/good"]


@pytest.mark.parametrize(
    "changed",
    [
        {"note_record_id": "x"},
        {"person_record_id": ""},
        {"author_name": " "},
        {"text": ""},
        {"status": "believed_lost"},
        {"author_made_contact": "yes"},
        {"linked_person_record_id": NOTE.person_record_id},
        {"source_date": NOW + timedelta(hours=1)},
    ],
)
def test_a_note_with_a_fault_says_which(changed: dict[str, object]) -> None:
    (field,) = changed
    note = replace(NOTE, **changed)  # type: ignore[arg-type]
    assert [fault.partition(":")[0] for fault in pfif_checks.note_faults(note, now=NOW)] == [field]
    assert pfif_checks.note_faults(NOTE, now=NOW) == []


def test_a_clock_that_is_a_little_ahead_is_forgiven() -> None:
    note = replace(NOTE, source_date=NOW + pfif_checks.CLOCKS_DIFFER)
    assert pfif_checks.note_faults(note, now=NOW) == []


def test_too_many_records_are_refused_whole() -> None:
    with pytest.raises(BadValue) as refusal:
        pfif_reading.read(pfif.document([PERSON]), now=NOW, most=1)
    assert refusal.value.code == "pfif.many"


# ---- what is no PFIF at all

_BOMB = '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><p>&b;</p>'
_OUTSIDE = '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/hostname">]><p>&a;</p>'


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "xml.malformed"),
        (b"<p", "xml.malformed"),
        (b"<p>\x00</p>", "xml.malformed"),
        (b"<p>&#1;</p>", "xml.malformed"),
        (_BOMB.encode(), "xml.forbidden"),
        (_OUTSIDE.encode(), "xml.forbidden"),
        (b'<!DOCTYPE p SYSTEM "http://127.0.0.1/x.dtd"><p/>', "xml.forbidden"),
        ("<p>姓名</p>".encode("gb18030"), "xml.encoding"),
        ('<?xml version="1.0" encoding="GB18030"?><p>名</p>'.encode(), "xml.encoding"),
        (b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><p/>', "xml.encoding"),
        (b'<?xml version="1.0" encoding="UTF-7"?><p/>', "xml.encoding"),
        (b"<p>" * 40 + b"</p>" * 40, "xml.deep"),
        (b"<p/>", "pfif.not_pfif"),
        (b'<pfif xmlns="http://zesty.ca/pfif/2.0"/>', "pfif.not_pfif"),
    ],
)
def test_what_is_no_pfif_is_refused_whole(document: bytes, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        pfif_reading.read(document, now=NOW)
    assert refusal.value.code == code


@pytest.mark.parametrize("encoding", ["GB18030", "gbk", "Big5", "utf-8"])
def test_an_encoding_that_is_declared_is_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + inside(said(**{**USUAL, "full_name": "示例人"})).decode()
    (person,) = pfif_reading.read(text.encode(encoding), now=NOW).persons
    assert person.full_name == "示例人"


def test_a_mark_at_the_beginning_tells_the_encoding() -> None:
    text = inside(said(**USUAL)).decode()
    for encoding in ("utf-8-sig", "utf-16"):
        assert len(pfif_reading.read(text.encode(encoding), now=NOW).persons) == 1


# ---- what a key may read, and what is answered


def test_a_key_without_full_read_gets_no_sensitive_field() -> None:
    secret = dict.fromkeys(pfif.SENSITIVE, "x")
    note = replace(NOTE, **{k: v for k, v in secret.items() if k in pfif.NOTE_FIELDS})  # type: ignore[arg-type]
    whole = replace(PERSON, notes=(note,), **{k: v for k, v in secret.items() if k in pfif.PERSON_FIELDS})  # type: ignore[arg-type]
    blank = pfif.without_sensitive(whole)
    assert blank == PERSON
    assert {field.name for field in fields(Note)} == set(pfif.NOTE_FIELDS)


def test_the_reply_counts_and_names_what_was_skipped() -> None:
    document = pfif_reply.document(
        [Written("person", 2, 1, (Misfit(f"{HOME}/1", "age: no"),)), Written("note", 0, 0)]
    ).decode()
    schema("pfif-status.xsd").validate(document)
    assert "<pfif:person_record_id>wristband.example.org/1</pfif:person_record_id>" in document


def test_a_feeds_entry_begins_with_the_record() -> None:
    head = atom.Head("https://wristband.example.org/pfif/feeds/person", "走失人员", "示例", NOW)
    feed = xml.read(atom.person_feed(head, [PERSON], with_notes=False))
    (entry,) = feed.findall(f"{{{atom.NAMESPACE}}}entry")
    assert [xml.local_name(child) for child in entry] == ["person", "id", "title", "author", "updated", "content"]
    assert entry.findtext(f"{{{atom.NAMESPACE}}}id") == f"pfif:{PERSON.person_record_id}"
    assert not entry[0].findall(f"{{{pfif.NAMESPACE}}}note")
    notes = xml.read(atom.note_feed(head, [replace(NOTE, entry_date=NOW + timedelta(minutes=1))]))
    assert notes.findtext(f"*/{{{atom.NAMESPACE}}}updated") == "2026-01-10T05:21:00Z"
