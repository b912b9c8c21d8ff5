"""`wristband pfif`: a partner's id domain, and records as files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wristband import clock
from wristband.cli_house import in_house
from wristband.errors import BadValue
from wristband.house import house
from wristband.interchange import pfif, pfif_reading
from wristband.services import exchanging, hearing_pfif
from wristband.values.record_domain import is_record_domain

_MOST_MB = 64
_A_TURN = 100


@click.group("pfif")
def pfif_records() -> None:
    """Missing-person records in PFIF 1.4, to and from other systems."""


@pfif_records.command()
@click.argument("partner")
@click.argument("name")
@in_house
def domain(partner: str, name: str) -> None:
    """Note that the records of PARTNER stand under the domain NAME; it may then write those and no others."""
    exchanging.set_domain(partner, name, by="operator", now=clock.now())
    click.echo(f"已登记：{partner} 的记录写作 {name.lower()}/…。")


@pfif_records.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@in_house
def export_records(file: Path) -> None:
    """Write everything that is released now into FILE, with placeholders of what was released before."""
    persons = exchanging.everything(now=clock.now())
    file.write_bytes(pfif.document(persons))
    file.chmod(0o600)
    gone = sum(map(pfif.is_placeholder, persons))
    click.echo(f"已写入 {len(persons) - gone} 条公开的记录，{gone} 条删除通知。")


@pfif_records.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--domain", "name", required=True, help="Take the records of this domain, and no others.")
@in_house
def import_records(file: Path, name: str) -> None:
    """Take the records of a PFIF FILE. The same file twice changes nothing; every record not taken is listed."""
    if not is_record_domain(name) or name.lower() == house().settings.record_domain:
        raise BadValue("pfif.domain_wrong")
    if file.stat().st_size > _MOST_MB << 20:
        raise BadValue("pfif.file_large", most=_MOST_MB)
    reading = pfif_reading.read(file.read_bytes(), now=clock.now(), most=None)
    total, written, skipped = reading.persons_parsed + reading.notes_parsed, 0, []
    with click.progressbar(length=total, label="读入记录", file=sys.stderr) as bar:
        for part in reading.parts(_A_TURN):
            told = hearing_pfif.hear(part, domain=name.lower(), actor="operator", now=clock.now())
            written += sum(one.written for one in told)
            skipped += [misfit for one in told for misfit in one.skipped]
            bar.update(len(part))
    click.echo(f"共 {total} 条，已收下 {written} 条，没有采用 {len(skipped)} 条。")
    for misfit in skipped:
        click.echo(f"{misfit.record_id or '（没有编号）'}：{misfit.error}")
