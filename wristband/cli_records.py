"""`wristband records`: what keeps the records of elders fit to be found."""

from __future__ import annotations

import click

from wristband.cli_house import in_house
from wristband.services import rekeying


@click.group()
def records() -> None:
    """Records of elders."""


@records.command()
@in_house
def index() -> None:
    """Make the blind indexes that are missing, as of names registered before there were any. Broken off, run again."""
    made = 0
    for done in rekeying.index():
        made += done
        click.echo(f"\r已建 {made} 项", nl=False, err=True)
    click.echo(err=True)
    click.echo(f"索引已建好，共 {made} 项；姓名和电话都查得到了。")
