"""`wristband bands`: blank stock made, printed, ended, listed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wristband import clock, processes
from wristband.bands import queries
from wristband.bands.printing.stock import USUAL_SHEET, StockKind, StockPrint
from wristband.bands.printing.zpl import DOTS_PER_MM
from wristband.bands.rules import LARGEST_BATCH, PRINT_LANGUAGES, BandEnd, BandForm, Look, PrintStyle
from wristband.cli_house import in_house
from wristband.errors import Unavailable
from wristband.house import furnish, house
from wristband.services import stocking


@click.group()
def bands() -> None:
    """Blank stock: mint, print, end, list."""


_with_workers = click.option(
    "--workers", "workers_n", type=click.IntRange(1, 64), help="Processes that draw; every core when not given."
)


@bands.command("mint")
@click.option("--count", type=click.IntRange(1, LARGEST_BATCH), help="How many; begins a new batch.")
@click.option("--batch", "batch_id", type=int, help="Go on with this batch, which a kill has broken off.")
@click.option("--form", type=click.Choice([form.value for form in BandForm]), default=BandForm.WRISTBAND.value)
@_with_workers
@in_house
def mint(count: int | None, batch_id: int | None, form: str, workers_n: int | None) -> None:
    """Make blank bands, each read again before it counts. Broken off, it goes on: no band twice, none skipped."""
    if (count is None) == (batch_id is None):
        raise click.UsageError("choose one of --count and --batch")
    if batch_id is None:
        batch_id = stocking.begin(BandForm(form), count or 0, now=clock.now())
    wanted, minted = stocking.progress(batch_id)
    _warn_of_another_address(batch_id)
    click.echo(f"批次 {batch_id}。中断后继续：wristband bands mint --batch {batch_id}")
    with (
        processes.pool(workers_n, furnish, house().settings) as workers,
        click.progressbar(length=wanted, label="制作手环", file=sys.stderr) as bar,
    ):
        bar.update(minted)
        for made in stocking.mint(batch_id, workers=workers, now=clock.now()):
            bar.update(made)
    click.echo(f"批次 {batch_id} 的 {wanted} 条已做好。")


def _warn_of_another_address(batch_id: int) -> None:
    address, today = queries.get_batch(batch_id).address, house().settings.token_prefix
    if address != today:
        click.echo(f"注意：这一批开始时的网址是 {address}，现在的设置是 {today}。接着做的仍用原来的网址。", err=True)


@bands.command("print")
@click.argument("batch_id", type=int)
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--output",
    type=click.Choice([kind.value for kind in StockKind]),
    default=StockKind.PDF.value,
    show_default=True,
    help="For a print shop, for a wristband printer, or a table for a tag writer.",
)
@click.option("--look", type=click.Choice([look.value for look in Look]), default=Look.LOUD.value, show_default=True)
@click.option("--language", type=click.Choice(list(PRINT_LANGUAGES)), default="zh", show_default=True)
@click.option("--dpi", type=click.Choice([str(dpi) for dpi in DOTS_PER_MM]), default="203", help="Of a ZPL printer.")
@click.option("--sheet", type=int, help="Bands a file: 50 when not given, 500 in a table.")
@_with_workers
@in_house
def print_(batch_id: int, folder: Path, sheet: int | None, workers_n: int | None, **chosen: str) -> None:
    """Print a batch into numbered files and a manifest. Broken off, run it again: whole files are left as they are.

    Bands that have ended are left out. The folder is for its owner alone: the files hold check codes.
    """
    minted, printed = stocking.progress(batch_id)[1], 0
    kind, style = StockKind(chosen["output"]), PrintStyle(Look(chosen["look"]), chosen["language"])
    font = house().settings.print_font
    try:
        with (
            processes.pool(workers_n) as workers,
            click.progressbar(length=minted, label="排版打印", file=sys.stderr) as bar,
        ):
            for piece in stocking.print_batch(
                batch_id,
                folder,
                workers=workers,
                in_flight=(workers_n or processes.cores()) + 1,
                sheet_size=USUAL_SHEET[kind] if sheet is None else sheet,
                how=StockPrint(kind, style, int(chosen["dpi"]), font),
            ):
                printed += piece
                bar.update(piece)
    except Unavailable as refusal:
        if refusal.code == "print.no_font" and font is not None:
            raise Unavailable("bands.font_setting", path=str(font)) from refusal
        raise
    left = f"（{minted - printed} 条已停用，没有打印）" if printed < minted else ""
    click.echo(f"{printed} 条已写入 {folder}{left}，清单是 manifest.json。")


@bands.command("end")
@click.argument("batch_id", type=int)
@click.option(
    "--number", "numbers", type=click.IntRange(1), multiple=True, help="One of its bands; all when not given."
)
@click.option(
    "--why",
    type=click.Choice([BandEnd.LOST.value, BandEnd.MISTAKE.value]),
    default=BandEnd.LOST.value,
    show_default=True,
    help="A lost or stolen box, or one that was printed wrongly.",
)
@in_house
def end(batch_id: int, numbers: tuple[int, ...], why: str) -> None:
    """End blanks of a batch, so that nobody binds them. What families wear is left alone; again changes nothing."""
    ended, bound = 0, 0
    for piece in stocking.end_blanks(batch_id, numbers, BandEnd(why), now=clock.now()):
        ended, bound = ended + piece.ended, bound + piece.bound
    left = f"另有 {bound} 条已经绑定给老人，没有改动。" if bound else ""
    click.echo(f"已停用 {ended} 条空白手环。{left}")


@bands.command("list")
@in_house
def list_() -> None:
    """Every batch, newest first."""
    for batch, minted in queries.list_batches():
        click.echo(f"{batch.id}  {batch.began_at:%Y-%m-%d}  {batch.form.value}  {minted}/{batch.wanted}")
