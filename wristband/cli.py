"""`wristband`: what an operator does at a terminal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
import flask_migrate
from flask import current_app

from wristband import clock, create_app, demonstration
from wristband.chores import Chore, look_after
from wristband.cli_artwork import artwork
from wristband.cli_audit import audit
from wristband.cli_bands import bands
from wristband.cli_elders import elders
from wristband.cli_house import in_house
from wristband.cli_keys import keys
from wristband.cli_officers import officers
from wristband.cli_partners import partners
from wristband.cli_pfif import pfif_records
from wristband.cli_platform import platform
from wristband.cli_purge import purge
from wristband.cli_records import records
from wristband.errors import Refusal, TooMany
from wristband.files import Ballast
from wristband.gateways.masked import MaskedRota
from wristband.house import house
from wristband.incidents import platform_queries
from wristband.language import SOURCE, say
from wristband.outbox import queries as outbox
from wristband.refusals import SENTENCES
from wristband.services import (
    broadcasting,
    connecting,
    delivering,
    drilling,
    escalating,
    exporting_records,
    importing_rows,
    inviting,
    partnering,
    purging,
    reminding,
    staffing,
    subscribing,
    witnessing,
)
from wristband.stations import files


def main() -> None:
    """Run a command; a refusal is one sentence on standard error and exit status 1, never a trace."""
    os.umask(0o077)  # as the service's own
    try:
        cli()
    except Refusal as refusal:
        click.echo(told(refusal), err=True)
        sys.exit(1)


def told(refusal: Refusal) -> str:
    """A refusal's sentence for an operator."""
    wait = {"wait": f"{refusal.retry_after_s} 秒"} if isinstance(refusal, TooMany) else {}
    return say(SOURCE, SENTENCES[refusal.code], refusal.facts | wait)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(context: click.Context) -> None:
    """The 110 yellow wristband."""
    context.obj = partial(create_app, patient=True)


@cli.command()
@in_house
def migrate() -> None:
    """Bring the database to today's schema."""
    flask_migrate.upgrade()
    Ballast(house().settings.data_dir).make()
    click.echo("数据库已是最新。")


@cli.command()
@in_house
def setup() -> None:
    """Make keys and schema, and load the demonstration into an empty store. Again: changes nothing."""
    if house().settings.production:
        raise Refusal("cli.not_in_production")
    flask_migrate.upgrade()
    Ballast(house().settings.data_dir).make()
    if demonstration.load(now=clock.now()):
        click.echo("演示数据已装好。")


@cli.command("start-here")
@in_house
def start_here() -> None:
    """Print what to open: a scan link with its QR, the sign-ins, where printed messages appear."""
    click.echo(demonstration.guide())


@cli.command()
@in_house
def deliver() -> None:
    """Hand over owed messages until stopped; finishes the one in hand on SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Ballast(house().settings.data_dir).make()
    click.echo("正在投递消息。按 Ctrl-C 停止。")
    _worker(
        Chore("reminding", timedelta(minutes=10), reminding.remind_due),
        Chore("purging", timedelta(hours=1), purging.purge),
    ).run(stop)
    click.echo("已停止，手上的消息已处理完。")


@cli.command()
@in_house
def drain() -> None:
    """Hand over what is due now, then exit."""
    click.echo(f"已处理 {_worker().drain().delivered} 条消息。")


@cli.command()
@in_house
def messages() -> None:
    """What waits in the outbox, since when, and what a human has to look at. Ids only."""
    now = clock.now()
    oldest = outbox.find_oldest_waiting_at()
    since = f"，最早的从 {oldest:%Y-%m-%d %H:%M} UTC 等到现在" if oldest else ""
    click.echo(f"现在该发 {outbox.count_due(now)} 条{since}。")
    if waits := platform_queries.waiting_since():
        click.echo(f"警方平台：从 {waits:%Y-%m-%d %H:%M} UTC 起还有事件没有收下。")
    for message in outbox.list_stopped(since=now - timedelta(days=7)):
        click.echo(f"停发 {message.id}  {message.wording}  {message.stopped_at:%m-%d %H:%M} UTC  {message.code}")


def _worker(*more: Chore) -> delivering.Worker:
    """A worker that does everything else that has a clock of its own, too, and `more`, a little after every step."""
    extensions = current_app.extensions
    chores = [*_chores(extensions["masked"]), *more]
    return delivering.Worker(
        extensions["gateways"], lease_s=house().settings.worker_lease_s, between=partial(look_after, chores)
    )


def _chores(masked: MaskedRota | None) -> list[Chore]:
    chores = [
        Chore("escalating", timedelta(seconds=1), escalating.take_due),
        Chore("witnessing", timedelta(seconds=1), witnessing.witness),
        Chore("ending_drills", timedelta(seconds=10), drilling.end_overdue),
        Chore("looking_after_webhooks", timedelta(minutes=1), partnering.look_after_webhooks),
        Chore("losing_contacts", timedelta(seconds=30), subscribing.lose),
        Chore("importing", timedelta(seconds=1), importing_rows.go_on),
        Chore("inviting", timedelta(seconds=1), inviting.invite_due),
        Chore("exporting", timedelta(seconds=1), exporting_records.go_on),
        Chore("lapsing_exports", timedelta(minutes=1), exporting_records.lapse),
        Chore("broadcasting", timedelta(seconds=10), broadcasting.keep_up),
    ]
    if masked is not None:
        release = partial(connecting.release_over, masked)
        chores.append(Chore("releasing_calls", timedelta(minutes=1), release))
    return chores


@cli.group()
def stations() -> None:
    """Police stations."""


@stations.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--zone-only", is_flag=True, help="Leave out what lies outside mainland, Hong Kong and Macau.")
@click.option("--demonstration", "shown", is_flag=True, help="Mark every station as a demonstration.")
@in_house
def import_stations(file: Path, zone_only: bool, shown: bool) -> None:
    """Import a CSV, GeoJSON or Overpass JSON file. The same file twice changes nothing.

    A CSV needs a column crs: wgs84, gcj02 or bd09. Every row that is not taken is listed with its reason.
    """
    rows = files.read(file, name=file.name, zone_only=zone_only)
    with click.progressbar(length=files.count(file), label="读入派出所", file=sys.stderr) as bar:
        report = staffing.import_stations(rows, demonstration=shown, on_row=lambda: bar.update(1), now=clock.now())
    click.echo(
        f"新增 {report.added},更新 {report.changed},没有变化 {report.unchanged},没有采用 {len(report.rejected)}。"
    )
    for row in report.rejected:
        click.echo(f"第 {row.line} 行：{say(SOURCE, SENTENCES[row.code], row.facts)}")


cli.add_command(artwork)
cli.add_command(audit)
cli.add_command(bands)
cli.add_command(elders)
cli.add_command(keys)
cli.add_command(officers)
cli.add_command(partners)
cli.add_command(pfif_records)
cli.add_command(platform)
cli.add_command(purge)
cli.add_command(records)
