"""`wristband purge`: what has been kept long enough goes, once and now."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import click

from wristband import clock
from wristband.audit.retention import RETENTION, Kept
from wristband.cli_house import in_house
from wristband.services import purging

_OTHER = {
    "erased": "家人要求删除、时间已到的老人",
    "reapplied": "备份恢复后重新删除的",
    "photo_files": "已销毁、等着清走的照片文件",
    "voice_files": "已销毁、等着清走的录音文件",
}


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the table and what is due; change nothing.")
@in_house
def purge(dry_run: bool) -> None:
    """Delete what has been kept long enough, and what a restored backup has brought back.

    The delivery worker does the same once an hour; run it by hand after restoring a backup.
    """
    now = clock.now()
    if dry_run:
        _print_table(purging.count_due(now=now))
        return
    counts: Counter[str] = Counter()
    for name, count in purging.purge(now):
        counts[name] += count
    for name, count in counts.items():
        if count:
            click.echo(f"{_words(name)}：{count}")
    click.echo(f"清理完毕，共 {counts.total()} 项。")


def _print_table(due: dict[str, int]) -> None:
    for kept, line in RETENTION.items():
        if line.keep is None:
            click.echo(f"{line.what} | {line.after}")
        else:
            click.echo(f"{line.what} | {line.after}，{_span(line.keep)} | 到期 {due[kept.value]}")
    for name, words in _OTHER.items():
        if name in due:
            click.echo(f"{words} | 到期 {due[name]}")


def _words(name: str) -> str:
    return _OTHER.get(name) or RETENTION[Kept(name)].what


def _span(keep: timedelta) -> str:
    if keep.days:
        return f"{keep.days} 天后"
    return f"{keep.seconds // 3600} 小时后" if keep.seconds else "马上"
