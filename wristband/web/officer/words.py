"""What roles, standings, browsers and notices are called on the pages."""

from wristband.accounts.rules import Browser, NoticeKind, Role
from wristband.accounts.staff import Standing


def _(text: str) -> str:
    return text


ROLES = {
    Role.OFFICER: _("民警"),
    Role.SUPERVISOR: _("所领导"),
    Role.DISTRICT: _("分局"),
    Role.AUDITOR: _("审计"),
    Role.ADMINISTRATOR: _("系统管理员"),
}
ROLE_HELP = {
    Role.OFFICER: _("处理警情、登记老人、打印手环。"),
    Role.SUPERVISOR: _("除此以外，管理本所人员，复核查阅，导入导出。"),
    Role.DISTRICT: _("看全区警情，复核查阅，批准导出；不处理警情。"),
    Role.AUDITOR: _("看操作记录，复核查阅；不处理警情，不管人员。"),
    Role.ADMINISTRATOR: _("管理派出所、人员和对接单位；不看老人资料。"),
}
STANDINGS = {
    Standing.WAITING: (_("等待激活"), "wait"),
    Standing.LAPSED: (_("激活码已过期"), "danger"),
    Standing.ACTIVE: (_("使用中"), "good"),
    Standing.DISABLED: (_("已停用"), ""),
}
BROWSERS = {
    Browser.EDGE: "Edge",
    Browser.CHROME: "Chrome",
    Browser.FIREFOX: "Firefox",
    Browser.SAFARI: "Safari",
    Browser.WECHAT: _("微信"),
    Browser.OTHER: _("其他浏览器"),
}
NOTICES = {
    NoticeKind.RECOVERY_USED: _("用备用码登录了"),
    NoticeKind.FACTOR_RESET: _("第二重验证被重置了"),
    NoticeKind.ACCESS_RENEWED: _("密码重新设置过"),
    NoticeKind.ROLE_CHANGED: _("岗位改了"),
    NoticeKind.MOVED: _("调到了另一个派出所"),
    NoticeKind.PASSKEY_DOUBTED: _("有一次通行密钥登录不对劲，没有放行"),
}
NOTICE_HELP = {
    NoticeKind.RECOVERY_USED: _("备用码每个只能用一次。请核对是不是本人；不是，请马上停用账号或结束登录。"),
    NoticeKind.FACTOR_RESET: _("请重新设置。没有请人重置过，请马上告诉所领导。"),
    NoticeKind.ACCESS_RENEWED: _("用的是所领导发的激活码。不是本人设置的，请马上告诉所领导。"),
    NoticeKind.ROLE_CHANGED: _("能打开的栏目会跟着变。"),
    NoticeKind.MOVED: _("警情台现在显示新单位的警情。"),
    NoticeKind.PASSKEY_DOUBTED: _("这把密钥可能被复制了。请移除它，重新添加一把。"),
}
