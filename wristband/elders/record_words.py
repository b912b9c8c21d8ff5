"""The words of an export: what the states, kinds and deeds in it are called."""

from __future__ import annotations

from wristband.audit.accesses import CHANGES
from wristband.audit.deeds import Deed
from wristband.bands.rules import BandState
from wristband.board.rules import Side
from wristband.elders.rules import ElderState, Sex
from wristband.incidents.rules import IncidentState
from wristband.outbox.rules import MessageState
from wristband.scans.rules import Answer

SEX = {Sex.FEMALE: "女", Sex.MALE: "男"}
ELDER = {
    ElderState.PROVISIONAL: "已受保护，待民警核实",
    ElderState.CONFIRMED: "民警已核实",
    ElderState.ERASED: "已删除",
}
BAND = {BandState.BLANK: "空白", BandState.ACTIVE: "使用中", BandState.ENDED: "已停用"}
INCIDENT = {
    IncidentState.REPORTED: "已报警",
    IncidentState.ACCEPTED: "已受理",
    IncidentState.DISPATCHED: "民警已出发",
    IncidentState.ON_SCENE: "民警已到场",
    IncidentState.HANDED_OVER: "民警已接到老人",
    IncidentState.CLOSED: "已办结",
}
ANSWER = {
    Answer.ON_IT: "看到了，正在处理",
    Answer.COMING: "正在赶来",
    Answer.CALLING_POLICE: "已联系警方",
    Answer.AT_HOME: "老人在家",
}
MESSAGE = {
    MessageState.PENDING: "等待发送",
    MessageState.LEASED: "正在发送",
    MessageState.DELIVERED: "已交给短信通道",
    MessageState.STOPPED: "没有发出",
}
SIDES = {Side.FINDER: "发现人", Side.FAMILY: "家人", Side.POLICE: "民警"}
KINDS = {
    "band_scanned": "有人求助",
    "board_posted": "发现人留言",
    "number_left": "发现人留了电话",
    "incident_reported": "已报警",
    "finder_news": "发现人的新情况",
    "incident_accepted": "警情已受理",
    "incident_closed": "警情已办结",
    "card_opened": "有人看了急救卡",
    "check_guessed": "有人猜核对码",
    "finder_known": "有人核实了手机号",
    "approval_asked": "有人请求看资料",
    "approval_given": "已同意给人看资料",
    "drill": "演练",
    "call_drill": "演练时打的电话",
    "contact_code": "确认联系电话的验证码",
    "number_due": "提醒重新确认电话",
    "number_stale": "提醒重新确认电话",
    "officer_looked": "民警查看资料",
    "officer_revealed": "民警查看住址和电话",
    "officer_broke_glass": "民警紧急查看",
    "band_bound": "绑定了新手环",
    "band_printed": "打印了手环",
    "family_looked_up": "为绑定手环查了您家",
    "guardian_invited": "邀请监护人",
    "guardian_joined": "监护人加入",
    "guardian_left": "监护人退出",
    "record_changed": "派出所改动",
    "record_opened": "民警打开资料",
    "elder_deceased": "派出所的慰问",
    "elder_exported": "下载了资料",
    "family_changed": "监护人改动",
    "erasure_asked": "要求删除资料",
    "erasure_yours": "您要求删除资料",
    "erasure_undone": "撤回删除",
    "erasure_objected": "不同意删除",
}
LOOKS = CHANGES | {
    Deed.GRANT_SHOWN: "看了资料",
    Deed.APPROVAL_ASKED: "请求看资料",
    Deed.APPROVAL_GIVEN: "同意给扫手环的人看",
    Deed.APPROVAL_MISTYPED: "输错了两位数",
    Deed.GRANT_ENDED: "拒绝或收回",
    Deed.INCIDENT_LOOKED_AT: "办理警情时查看",
    Deed.INCIDENT_REVEALED: "查看住址和电话",
    Deed.BREAK_GLASS_LOOKED: "紧急查看",
    Deed.BREAK_GLASS_JUSTIFIED: "复核：有必要",
    Deed.BREAK_GLASS_UNJUSTIFIED: "复核：没有必要",
    Deed.RECORD_OPENED: "打开资料",
    Deed.RECORD_SHOWN: "查看资料",
    Deed.BAND_LOOKED_UP: "用手环编号查是谁登记的",
    Deed.FAMILY_LOOKED_UP: "绑定手环时看了姓名",
    Deed.BAND_PRINTED: "打印手环",
    Deed.PLATFORM_TOLD: "随警情发给警方平台",
}
CHANGED = {
    "name": "姓名",
    "called": "称呼",
    "sex": "性别",
    "birth_year": "出生年份",
    "address": "住址",
    "approach": "怎样和老人说话",
    "health": "健康提示",
    "station_id": "派出所",
    "relation": "和老人的关系",
}
WHO = {"officer": "民警", "finder": "扫手环的人", "guardian": "监护人", "platform": "警方平台"}
