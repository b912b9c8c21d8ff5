"""`wristband elders`: lists of elders brought in and taken out at a terminal, by the same rules as at the desk."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wristband import clock
from wristband.accounts.queries import find_officer_account, find_officer_by_username
from wristband.accounts.rules import Act, OfficerAccount, may
from wristband.cli_house import in_house
from wristband.elders.keeping import Standing
from wristband.errors import NotAllowed, NotFound
from wristband.services import exporting_records, importing, importing_rows
from wristband.sheets import queries
from wristband.sheets.rules import USUAL, Column, ExportState, SheetKind


@click.group()
def elders() -> None:
    """Lists of elders: import, export."""


_by_officer = click.option("--officer", "username", required=True, help="In whose name, and at whose station.")


@elders.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_by_officer
@click.option("--dry-run", is_flag=True, help="Look through it and stop.")
@click.option("--invite", is_flag=True, help="Text each family an invitation, a few a second and by day.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows not taken here.")
@in_house
def import_(file: Path, username: str, dry_run: bool, invite: bool, refused: Path | None) -> None:
    """Import a CSV or XLSX FILE of up to 100 MB. Broken off, run it again: no row is taken twice."""
    officer = _officer(username, Act.IMPORT_RECORDS)
    with file.open("rb") as data:
        import_id = importing.begin_file(data, file.name, invites=invite, officer=officer, now=clock.now())
        for _ in importing_rows.run(import_id, data, now=clock.now()):
            _show(import_id, officer)
        told = queries.get_import(import_id, station_id=officer.station_id)
        if refused is not None and told.refused:
            refused.write_bytes(importing.refused_rows(import_id, officer=officer))
        click.echo(f"\n可以登记 {told.fit} 位，已经登记过 {told.known} 位，不能采用 {told.refused} 行。", err=True)
        for fault in queries.told_of(told).faults:
            click.echo(f"第 {fault.number} 行{importing_rows.reason(fault)}", err=True)
        if dry_run or not told.fit:
            return
        importing.start(import_id, officer=officer, held=True, now=clock.now())
        for _ in importing_rows.run(import_id, data, now=clock.now()):
            _show(import_id, officer)
    done = queries.get_import(import_id, station_id=officer.station_id)
    click.echo(err=True)
    click.echo(f"新登记 {done.added} 位，已经登记过 {done.met} 位，没有采用 {done.refused} 行。")


def _show(import_id: int, officer: OfficerAccount) -> None:
    one = queries.get_import(import_id, station_id=officer.station_id)
    click.echo(f"\r已看 {one.rows} 行，已登记 {one.added} 位", nl=False, err=True)


@elders.command("export")
@_by_officer
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--reason", default="", help="What for; the second person and the auditors read it.")
@click.option("--column", "columns", multiple=True, type=click.Choice([column.value for column in Column]))
@click.option("--standing", type=click.Choice([standing.value for standing in Standing]))
@click.option("--job", type=int, help="One asked for before, once the second person has agreed.")
@in_house
def export(
    username: str, out: Path, reason: str, columns: tuple[str, ...], standing: str | None, job: int | None
) -> None:
    """Export the station's elders, masked unless columns are named; above a hundred a second person has to agree."""
    officer, now = _officer(username, Act.EXPORT_RECORDS), clock.now()
    kind = SheetKind.XLSX if out.suffix.lower() == ".xlsx" else SheetKind.CSV
    if job is None:
        chosen = [Column(word) for word in columns] or list(USUAL)
        which = Standing(standing) if standing else None
        job = exporting_records.ask(chosen, kind, which, reason, officer=officer, now=now)
    if queries.get_export(job, officer_id=officer.officer_id).state is ExportState.WAITING:
        click.echo(f"已申请，编号 {job}。要另一位领导在网页上同意，再运行：wristband elders export --job {job}")
        return
    while queries.get_export(job, officer_id=officer.officer_id).state is ExportState.MAKING:
        for _ in exporting_records.go_on(clock.now()):
            click.echo(".", nl=False, err=True)
    out.touch(mode=0o600)
    out.write_bytes(exporting_records.take(job, officer=officer, now=clock.now()).data)
    click.echo(f"已写入 {out}。")
    sys.stdout.flush()


def _officer(username: str, act: Act) -> OfficerAccount:
    found = find_officer_by_username(username)
    officer = find_officer_account(found.id) if found else None
    if officer is None:
        raise NotFound("sheets.officer_unknown")
    if not may(officer.role, act):
        raise NotAllowed("accounts.not_your_role")
    return officer
