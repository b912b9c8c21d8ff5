"""Who is in the demonstration. Every person is invented and every portrait drawn.

The telephone numbers are the network operator's own well-known sample numbers; a demonstration sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from wristband.accounts.rules import Role


@dataclass(frozen=True)
class DemoGuardian:
    phone: str
    name: str


@dataclass(frozen=True)
class DemoElder:
    guardian: DemoGuardian
    portrait: str
    texts: dict[str, str]
    station: str


@dataclass(frozen=True)
class DemoOfficer:
    username: str
    name: str
    role: Role
    station: str


LIN = DemoGuardian("13800138000", "林小燕（演示）")
CHEN = DemoGuardian("13800138001", "陈志远（演示）")

ELDERS = (
    DemoElder(
        LIN,
        "drawn_woman_with_a_knot.jpg",
        {
            "name": "林秀英（演示）",
            "relation": "child",
            "called": "林阿姨",
            "sex": "female",
            "birth_year": "1943",
            "address": "示例路 1 号",
            "approach": "说闽南语，听力不好，请在右边慢慢说。喜欢听南音。",
            "health": "对青霉素过敏。",
        },
        "示例·大同派出所",
    ),
    DemoElder(
        LIN,
        "drawn_man_with_glasses.jpg",
        {
            "name": "林国强（演示）",
            "relation": "child",
            "called": "林伯伯",
            "sex": "male",
            "birth_year": "1941",
            "address": "示例路 1 号",
            "approach": "以前是老师，叫他「林老师」会很高兴。",
            "health": "每天吃降压药。",
        },
        "示例·大同派出所",
    ),
    DemoElder(
        CHEN,
        "drawn_woman_with_white_hair.jpg",
        {
            "name": "陈美兰（演示）",
            "relation": "grandchild",
            "called": "陈奶奶",
            "sex": "female",
            "birth_year": "1938",
            "address": "示例街 8 号",
            "approach": "说普通话，爱笑。请不要拉她的手。",
            "health": "",
        },
        "示例·祥平派出所",
    ),
)

OFFICERS = (
    DemoOfficer("minjing1", "王民警（演示）", Role.OFFICER, "示例·大同派出所"),
    DemoOfficer("minjing2", "李民警（演示）", Role.SUPERVISOR, "示例·祥平派出所"),
)
