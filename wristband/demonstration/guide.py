"""What to open first, for somebody who has just started the demonstration."""

from __future__ import annotations

import io
import json

import qrcode
import sqlalchemy as sa

from wristband.bands.artwork.design import Design
from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.db import db
from wristband.demonstration.cast import CHEN, LIN
from wristband.demonstration.loading import passwords_file
from wristband.house import house
from wristband.values.code import CheckCode


def guide() -> str:
    """The addresses, the sign-ins and a band's QR as text for a terminal."""
    settings = house().settings
    base = settings.base_url
    lines = [f"首页      {base}/"]
    band = db.session.scalar(sa.select(Band).where(Band.state == BandState.ACTIVE).order_by(Band.id).limit(1))
    if band is not None:
        address = f"{base}/t/{Design.from_bytes(band.design).token}"
        lines += [_terminal_qr(address), f"扫码      {address}", f"输编号    {base}/b    {band.code}"]
        if band.check_code:
            lines.append(f"核对码    {CheckCode.parse(band.check_code)}    印在手环里侧，扫码求助后可以输它看急救卡")
    messages = settings.data_dir / "messages.jsonl"
    lines += [
        f"家属      {base}/family    手机号 {LIN.phone} 或 {CHEN.phone}（演示号码，短信不会真的发出）",
        f"短信内容  {messages}    登录验证码也在这里",
    ]
    if passwords_file().exists():
        passwords = json.loads(passwords_file().read_text())
        lines += [f"民警      {base}/police    {name}  密码 {word}" for name, word in passwords.items()]
    return "\n".join(lines)


def _terminal_qr(text: str) -> str:
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue()
