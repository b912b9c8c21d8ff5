"""Of records: found, opened, changed, merged, transferred, and elders registered at the counter."""


def _(text: str) -> str:
    return text


SENTENCES: dict[str, str] = {
    "records.unknown": _("没有找到这份资料，或者它不归贵所管。请回到列表再找一次。"),
    "records.shut": _("这份资料已经收起。请重新选原因，再打开。"),
    "records.reason_missing": _("请先选为什么要看，再打开资料。"),
    "records.words_missing": _("请写一句原因，让同事和家人以后看得明白。"),
    "records.words_long": _("写得太长了，最多 %(longest)s 个字。"),
    "records.search_missing": _("请输入姓名、手机号或手环编号，再点「查找」。"),
    "records.searches_spent": _("这一小时查得太多了。请 %(wait)s后再查；着急请找值班领导。"),
    "records.registrations_spent": _("登记得太多了。请 %(wait)s后再登记，或请同事帮忙。"),
    "records.confirm_disputed": _("这份登记有争议，不能核实。请先处理争议。"),
    "records.name_differs": _("姓名和登记的不一样，没有改动。请照登记的姓名再输一次。"),
    "records.death_incident_open": _("老人还有没办结的警情。请先办结警情，再来登记。"),
    "records.death_undo_late": _("已经超过一天，不能直接更正。请给老人重新做手环，并告诉家人。"),
    "records.dispute_over": _("这份资料现在没有争议。请看最新状态。"),
    "records.removal_undisputed": _("没有争议时不能取消监护人。请先记下争议，再提出。"),
    "records.removal_waits": _("还有取消监护人的申请没有处理。请先同意或不同意，再结束争议。"),
    "records.removal_own": _("自己提出的，不能自己同意。请另一位同事或领导处理。"),
    "records.removal_over": _("已经有同事处理过了。请看最新状态。"),
    "records.removal_last": _("这是唯一的监护人，不能取消。请先让家人邀请另一位，或办理退出。"),
    "records.guardian_unknown": _("这个人现在不是老人的监护人。请看最新的名单。"),
    "records.guardian_missing": _("请选是哪一位监护人在窗口。"),
    "records.transfer_station": _("请选另一个派出所，再移交。"),
    "records.transfer_offered": _("已经在移交了。要换一个派出所，请先撤回。"),
    "records.transfer_over": _("对方已经撤回，或者别的派出所先接收了。请看最新状态。"),
    "records.merge_itself": _("不能和自己合并。请选另一份资料。"),
    "records.merge_choice": _("请先选留下哪一份，再合并。"),
    "records.merge_disputed": _("其中一份有争议，不能合并。请先处理争议。"),
    "records.merge_leaving": _("其中一份家人已要求删除，不能合并。请先和家人商量撤回。"),
    "records.merge_deceased": _("其中一份登记为已去世，不能合并。请先核对是不是同一位老人。"),
    "records.merge_incidents": _("两份资料都有没办结的警情，不能合并。请先办结其中一起，再来合并。"),
    "records.undo_late": _("已经超过一天，或者有人撤销过了，不能再撤销合并。"),
    "records.phone_missing": _("请先填对家人的手机号，照片才留得住；再选一次照片。"),
    "records.code_missing": _("请输入家人收到的验证码；收不到就勾选「没能确认」。"),
    "elders.deceased": _("老人已登记为去世，不再做新手环。有差错请告诉派出所更正。"),
}
