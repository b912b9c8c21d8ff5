"""`wristband audit`: whether the trail is whole, and what proves it elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wristband import clock
from wristband.audit import checkpoints, queries
from wristband.cli_house import in_house
from wristband.house import house
from wristband.services import witnessing


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--checkpoint", "copy", type=click.Path(path_type=Path), help="Checkpoints kept on another host.")
@in_house
def verify(copy: Path | None) -> None:
    """Read the whole trail: exit status 0 when it is whole, 1 naming the first bad row."""
    with click.progressbar(length=queries.count_rows(), label="核对审计记录", file=sys.stderr) as bar:
        whole = witnessing.verify(copy, on_row=lambda: bar.update(1))
    until = f"，到 {whole.last_at:%Y-%m-%d %H:%M:%S} UTC 为止" if whole.last_at else ""
    click.echo(f"审计记录完整：共 {whole.rows} 行{until}，与 {whole.checkpoints} 个检查点相符。")
    if whole.witnessed < whole.rows:
        click.echo(f"最后 {whole.rows - whole.witnessed} 行还没有检查点。请运行 wristband audit checkpoint。")


@audit.command()
@in_house
def checkpoint() -> None:
    """Make a checkpoint now, copy it to the file, and print it."""
    click.echo(witnessing.checkpoint(now=clock.now()) or "审计记录还是空的，没有检查点。")


@audit.command()
@in_house
def key() -> None:
    """Print the public keys by which checkpoints are verified, newest last."""
    for key_id, verifier in checkpoints.verifiers(house().ring.all("audit")).items():
        click.echo(f"audit-{key_id}\n{checkpoints.public_pem(verifier)}", nl=False)
