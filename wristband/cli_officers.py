"""`wristband officers`: the first account, and letting somebody in anew. Codes are printed, never passwords."""

from __future__ import annotations

from collections.abc import Callable

import click

from wristband import clock
from wristband.accounts.queries import find_any_officer
from wristband.accounts.rules import ACTIVATION_LASTS, Role
from wristband.accounts.staff import Member, Standing, list_all_members
from wristband.cli_house import in_house
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.services import appointing
from wristband.services.appointing import Invitation
from wristband.stations.queries import find_station_by_name

_STANDINGS = {
    Standing.WAITING: "等待激活",
    Standing.LAPSED: "激活码已过期",
    Standing.ACTIVE: "使用中",
    Standing.DISABLED: "已停用",
}


@click.group()
def officers() -> None:
    """Station staff."""


@officers.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The officer's name.")
@click.option("--station", required=True, help="Name of the station.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.OFFICER.value)
@in_house
def add(username: str, name: str, station: str, role: str) -> None:
    """Give an officer an account at a station, and print the code by which the officer sets a password."""
    found = find_station_by_name(station)
    if found is None:
        raise BadValue("stations.unknown")
    invitation = appointing.invite(
        username, name=name, role=Role(role), station_id=found.id, keeper=None, now=clock.now()
    )
    click.echo(f"已添加民警 {invitation.username}。")
    _print(invitation)


@officers.command("list")
@click.option("--station", default="", help="Only this station's.")
@in_house
def list_officers(station: str) -> None:
    """Every account: username, role, station, how it stands, second factor."""
    found = find_station_by_name(station) if station else None
    if station and found is None:
        raise BadValue("stations.unknown")
    for member in list_all_members(station_id=found.id if found else None, now=clock.now()):
        click.echo(_line(member))


@officers.command("disable")
@click.argument("username")
@in_house
def disable(username: str) -> None:
    """Stop an account; whoever is signed in by it is out at once."""
    appointing.disable(_find(username), keeper=None, now=clock.now())
    click.echo(f"已停用 {username.strip().lower()}，登录都已结束。恢复使用：wristband officers enable {username}")


@officers.command("enable")
@click.argument("username")
@in_house
def enable(username: str) -> None:
    """Let an account in again, password and second factor as they were."""
    appointing.enable(_find(username), keeper=None, now=clock.now())
    click.echo(f"已恢复 {username.strip().lower()}。")


@officers.command("reset")
@click.argument("username")
@click.option("--second-factor", is_flag=True, help="Take away authenticator, passkeys and recovery codes, too.")
@in_house
def reset(username: str, second_factor: bool) -> None:
    """End every sign-in and print a new code by which the officer sets a new password."""
    officer_id = _find(username)
    invitation = appointing.renew_activation(officer_id, keeper=None, now=clock.now())
    appointing.end_sign_ins(officer_id, keeper=None, now=clock.now())
    click.echo(f"已结束 {invitation.username} 的登录。")
    if second_factor:
        _quietly(lambda: appointing.reset_factors(officer_id, keeper=None, now=clock.now()))
        click.echo("第二重验证已清除，本人登录后要重新设置。")
    _print(invitation)


def _quietly(deed: Callable[[], None]) -> None:
    """Taking away what is not there is done already."""
    try:
        deed()
    except Conflict:
        return


def _find(username: str) -> int:
    officer = find_any_officer(username)
    if officer is None:
        raise BadValue("staff.no_such_username")
    return officer.id


def _print(invitation: Invitation) -> None:
    hours = int(ACTIVATION_LASTS.total_seconds() // 3600)
    click.echo(f"激活网址（{hours} 小时内有效，只能用一次，请当面交给本人）：")
    click.echo(f"{house().settings.base_url}/police/activate/{invitation.code}")


def _line(member: Member) -> str:
    factor = "第二重验证已设置" if member.has_factor else "没有第二重验证"
    standing = _STANDINGS[member.standing]
    return f"{member.username}  {member.role.value}  {member.station_name}  {standing}  {factor}"
