"""Of partners: their keys, calls, webhooks, and what communities propose."""


def _(text: str) -> str:
    return text


SENTENCES: dict[str, str] = {
    # at the interface
    "partners.key_wrong": _("密钥不对、已过期或已停用。请检查 Authorization 头，或向管理员要一把新的。"),
    "partners.scope_missing": _("这把密钥没有「%(scope)s」权限。需要的话请找管理员开通。"),
    "partners.spent": _("调用太快了，请 %(wait)s后再试。"),
    "partners.phone_spent": _("这个号码刚收过确认短信，请 %(wait)s后再试，免得打扰家人。"),
    "partners.not_acceptable": _("这里只回答 JSON。请把 Accept 改成 application/json。"),
    "partners.not_json": _("正文要用 UTF-8 的 application/json，不压缩。请改好再发。"),
    "partners.too_large": _("正文太长了，最多 %(longest)s 字节。请精简后再发。"),
    "partners.not_read": _("正文不是规范的 JSON：不能断开、不能有重名、不能有 NaN，也不能套太深。请检查后再发。"),
    "partners.unfit": _("有的地方不合要求，没有执行。请看 errors 里的位置，改好再发。"),
    "partners.key_missing": _("请带上 Idempotency-Key：16 到 64 个字母、数字、横线或下划线，每件事一个。"),
    "partners.key_reused": _("这个 Idempotency-Key 已经用过，内容不一样。新的内容请换一个新的 Key。"),
    "partners.unconditional": _("请先读一次，再把得到的 ETag 放进 If-Match，免得盖掉别人的改动。"),
    "partners.stale": _("读过之后有人改过，没有执行。请重新读一次再改。"),
    "partners.incident_unknown": _("没有这起警情，或者不归您看。请核对编号。"),
    "partners.proposal_unknown": _("没有找到这份登记，或者已经处理过了。"),
    "partners.webhook_unknown": _("没有找到这个 webhook。请刷新列表看看。"),
    "partners.webhook_disabled": _("这个 webhook 已停用。请先重新启用，再发测试。"),
    "partners.webhooks_many": _("最多 %(most)s 个 webhook。请先删掉不用的。"),
    "partners.address_wrong": _("地址要以 https:// 开头，不带用户名、密码和 # 号。请改好再试。"),
    "partners.host_not_allowed": _("这个主机没有登记。请让管理员先在合作单位页面登记主机名。"),
    "partners.text_missing": _("老人姓名和家人关系不能空着。"),
    "partners.text_long": _("有一项写得太长了，最多 %(longest)s 个字。"),
    # of administrators
    "partners.unknown": _("没有找到这个合作单位，或者已经停用。请回到列表看看。"),
    "partners.key_unknown": _("没有找到这把密钥。请刷新页面看看。"),
    "partners.name_missing": _("请写合作单位的名称。"),
    "partners.name_long": _("名称太长了，最多 %(longest)s 个字。"),
    "partners.name_taken": _("已经有同名的合作单位。请换一个名称。"),
    "partners.scopes_missing": _("请至少勾选一项权限。"),
    "partners.key_days": _("密钥有效期请填 1 到 %(most)s 天。"),
    "partners.hosts_wrong": _("主机名不带 https:// 和斜线，一行一个，最多 %(most)s 个。请改好再试。"),
    "partners.area_twice": _("派出所和区县只能限一个。请去掉其中一个。"),
    "partners.area_unknown": _("没有找到这个派出所或区县。请重新选择。"),
    "partners.changed_meanwhile": _("有同事刚改过这个合作单位。请刷新页面，看过再改。"),
}
