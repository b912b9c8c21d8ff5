"""`wristband platform`: the police platform's mapping, looked at before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wristband.gateways.police_mapping import read_mapping
from wristband.incidents.platform import INCOMING, VOCABULARY


@click.group()
def platform() -> None:
    """The police platform."""


@platform.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Hold a mapping FILE against what we can tell, and print an example event as the platform would get it.

    Changes nothing and calls nobody. A fault is one sentence on standard error and exit status 1.
    """
    mapping = read_mapping(file, VOCABULARY, INCOMING)
    click.echo("映射文件没有问题。平台收到的示例事件：", err=True)
    click.echo(json.dumps(mapping.write(VOCABULARY.example, VOCABULARY.times), ensure_ascii=False, indent=2))
    left_out = VOCABULARY.facts - mapping.facts
    if mapping.facts and left_out:
        click.echo(f"没有用到：{'、'.join(sorted(left_out))}", err=True)
    if mapping.particulars:
        click.echo(f"会随警情发出老人的资料：{'、'.join(sorted(mapping.particulars))}", err=True)
