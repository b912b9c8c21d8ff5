"""`wristband keys`: key files made, renewed while the service runs, and dropped when nothing uses them."""

from __future__ import annotations

import math
import sys
import time

import click

from wristband import clock, config
from wristband import keys as key_files
from wristband.cli_house import in_house
from wristband.errors import Conflict
from wristband.services import rekeying

# For a key that was made this moment: until it writes there is nothing to move to.
_PATIENCE_S = 30


@click.group()
def keys() -> None:
    """Key files."""


@keys.command()
def create() -> None:
    """Make a first key for every purpose that has none; existing keys are never touched."""
    settings = config.load()
    made = key_files.create(settings.keys_path)
    click.echo("\n".join(f"已生成 {settings.keys_path / name}" for name in made) or "密钥已齐全，没有改动。")


@keys.command()
@click.argument("purpose")
@click.option("--after", "minutes", type=click.FloatRange(0, 10_000), default=0, help="Minutes until it writes.")
@in_house
def rotate(purpose: str, minutes: float) -> None:
    """Make the next key of PURPOSE: fields, index, codes, forms, bands, audit. Running processes take it up.

    With several machines give --after the time that bringing the file to each of them takes, and copy it with cp -p.
    """
    name = rekeying.rotate(purpose, after_s=minutes * 60)
    click.echo(f"已生成 {name}，{key_files.READ_FIRST_S + minutes * 60:g} 秒后开始使用，不用重启。")
    if purpose in ("fields", "index"):
        click.echo("到时请运行 wristband keys rewrap，把旧资料换到新密钥下。")


@keys.command()
@in_house
def rewrap() -> None:
    """Move everything to the newest keys while the service runs. Broken off, run it again."""
    wait_s = rekeying.wait_s(now=clock.now())
    if wait_s > _PATIENCE_S:
        raise Conflict("keys.not_begun", minutes=math.ceil(wait_s / 60))
    time.sleep(wait_s)
    moved = 0
    for done in rekeying.rewrap():
        moved += done
        click.echo(f"\r已换 {moved} 项", nl=False, err=True)
    click.echo(err=True)
    left = sum(one.values for one in rekeying.usage(now=clock.now()) if one.to_be_moved)
    click.echo(f"已把 {moved} 项换到新密钥下，还剩 {left} 项。")
    if left:
        sys.exit(1)


@keys.command()
@in_house
def check() -> None:
    """Print what each key holds: exit status 1 while `rewrap` has something to do."""
    counted = rekeying.usage(now=clock.now())
    for one in counted:
        click.echo(f"{one.name}  {one.values} 项  {_state(one)}")
    if any(one.to_be_moved for one in counted):
        click.echo("旧密钥下还有资料。请运行 wristband keys rewrap。")
        sys.exit(1)


def _state(one: rekeying.Usage) -> str:
    if one.newest:
        return "在用"
    if not one.begun:
        return "即将启用"
    return "仍要保留" if one.values or one.kept else "可以删除"


@keys.command()
@click.argument("name")
@in_house
def drop(name: str) -> None:
    """Delete a key, by name (fields-1), that nothing uses. Keep a copy as long as there are backups it opens."""
    rekeying.drop(name, now=clock.now())
    click.echo(f"已删除 {name}。")
