"""`wristband partners`: other systems, their rights and their keys, at a terminal."""

from __future__ import annotations

import click

from wristband import clock
from wristband.cli_house import in_house
from wristband.errors import BadValue, NotFound
from wristband.partners import queries
from wristband.partners.rules import KEY_LASTS_DAYS, KEY_LASTS_MOST_DAYS, Scope
from wristband.services import partnering
from wristband.services.partnering import NewKey, Rights
from wristband.stations.queries import find_station_by_name

_DAYS = click.option("--days", type=click.IntRange(1, KEY_LASTS_MOST_DAYS), default=KEY_LASTS_DAYS, show_default=True)


@click.group()
def partners() -> None:
    """Partners: other systems that may call /api/v1."""


@partners.command("add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--station", default="", help="Limit it to this station.")
@click.option("--district", default="", help="Limit it to this district.")
@click.option("--host", "hosts", multiple=True, help="A host its webhooks may go to.")
@_DAYS
@in_house
def add(name: str, scopes: tuple[str, ...], station: str, district: str, hosts: tuple[str, ...], days: int) -> None:
    """Add a partner and print its key, which is kept nowhere."""
    found = find_station_by_name(station) if station else None
    if station and found is None:
        raise BadValue("stations.unknown")
    rights = Rights(name, scopes, found.id if found else None, district, " ".join(hosts))
    _tell(partnering.add(rights, days=days, by="operator", now=clock.now()))


@partners.command("list")
@in_house
def list_all() -> None:
    """Every partner: its scopes, how many keys hold, when one was shown last. No secrets."""
    for one in queries.list_partners(now=clock.now()):
        state = "已停用" if one.partner.ended_at else f"{one.keys} 把密钥"
        used = f"{one.used_at:%Y-%m-%d %H:%M} UTC" if one.used_at else "没有调用过"
        click.echo(f"{one.partner.name}  {state}  {used}  {one.partner.scopes}")


@partners.command("rotate")
@click.argument("name")
@_DAYS
@in_house
def rotate(name: str, days: int) -> None:
    """Print a new key; the one before holds for seven more days."""
    _tell(partnering.rotate(_id_of(name), days=days, by="operator", now=clock.now()))


@partners.command("end")
@click.argument("name")
@in_house
def end(name: str) -> None:
    """End a partner at once, with its keys and webhooks."""
    partnering.end(_id_of(name), by="operator", now=clock.now())
    click.echo(f"已停用 {name.strip()}。")


def _id_of(name: str) -> int:
    found = queries.find_partner_by_name(name)
    if found is None:
        raise NotFound("partners.unknown")
    return found.id


def _tell(made: NewKey) -> None:
    """The key alone on standard output, so that it can be led into a store of secrets."""
    click.echo(f"密钥只显示这一次，{made.expires_at:%Y-%m-%d} 到期：", err=True)
    click.echo(made.key)
