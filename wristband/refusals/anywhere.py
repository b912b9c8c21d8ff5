"""Of every page, and of the operator's terminal."""


def _(text: str) -> str:
    return text


SENTENCES: dict[str, str] = {
    # everywhere
    "stations.unknown": _("没有找到这个派出所。请重新选择。"),
    "page.unknown": _("没有这个页面。请检查地址，或回到首页。"),
    "page.bad_request": _("这个请求看不懂。请回到上一页再试一次。"),
    "page.fields_wrong": _("有几处要改一下。"),
    "page.wrong_method": _("这个地址不能这样打开。请回到上一页。"),
    "page.too_large": _("内容太大了。照片请小于 6 MB，再试一次。"),
    "page.other_site": _("这个操作不是从本站页面发出的，没有执行。请扫手环，从本站页面操作。"),
    "page.other_host": _("这个网址不是本站的，没有打开。请扫手环，或从本站的网址进来。"),
    "page.form_stale": _("页面放得太久了，没有保存。请刷新页面再试一次。"),
    "page.slow_line": _("网络太慢，没有收全。请换个地方再试一次；着急请拨打 110。"),
    "page.store_busy": _("系统正忙，没有保存。请马上再试一次；着急请拨打 110。"),
    "page.fault": _("我们这边出了错，没有保存。请再试一次；着急请拨打 110。"),
    "files.disk_full": _("照片和录音现在存不下。其他内容不受影响，请晚些再加。"),
    "files.gone": _("这张照片已经不在了。请重新上传。"),
    "seal.broken": _("这份资料打不开。请联系本站工作人员。"),
    "seal.erased": _("这份资料已删除。"),
    "seal.algorithm_missing": _(
        "这台机器的加密库没有 %(algorithm)s，没有启动。请换带国密算法的 OpenSSL，或改回 aesgcm。"
    ),
    "seal.key_gone": _("这份资料打不开：缺少密钥 %(key_id)s。请联系本站工作人员。"),
    # for the operator
    "settings.wrong": _("设置有误，没有启动：%(faults)s"),
    "keys.missing": _("密钥不全，没有启动。%(folder)s 里缺少：%(purposes)s。请运行 wristband keys create。"),
    "keys.of_another": _("密钥不是写下这些数据的那一套（%(keys)s），没有启动。请放回原来的密钥文件夹。"),
    "keys.ids_used_up": _("%(purpose)s 的密钥编号已经用完。请先删除不再使用的旧密钥。"),
    "keys.no_such_purpose": _("没有这种密钥。请从 %(purposes)s 里选。"),
    "keys.no_such_key": _("没有密钥 %(key)s。请用 wristband keys check 查看。"),
    "keys.not_begun": _("新密钥还要过 %(minutes)s 分钟才启用，现在没有东西可换。请到时再运行一次。"),
    "keys.still_writes": _("%(key)s 正在使用，不能删除。请先运行 wristband keys rotate，并等新密钥启用。"),
    "keys.in_use": _("还有 %(values)s 项资料在用 %(key)s，不能删除。请先运行 wristband keys rewrap。"),
    "keys.kept": _("%(key)s 还要用来核对早先签过的东西，现在不能删除。"),
    "keys.unknown_file": _("密钥文件夹里有认不得的文件：%(file)s。请移走它。"),
    "keys.unfit": _("%(file)s 不是合格的密钥。请恢复备份；还没有数据时可删掉它，再运行 wristband keys create。"),
    "audit.edited": _("第 %(i)s 行（编号 %(row_id)s）和前面接不上：它或前一行被改过、换过。请保留现场并查备份。"),
    "audit.missing": _("第 %(i)s 行不见了：下一行是第 %(next)s 行（编号 %(next_id)s）。请保留现场并查备份。"),
    "audit.out_of_order": _(
        "第 %(i)s 行的位置上是别的行（编号 %(row_id)s）：序号重复、没有或乱了。请保留现场并查备份。"
    ),
    "audit.rewritten": _(
        "第 %(i)s 行到第 %(last)s 行里有改动，后面的哈希也重算过：和检查点 %(where)s 不符。请查备份。"
    ),
    "audit.cut_off": _(
        "第 %(i)s 行起不见了：检查点 %(where)s 证明有过 %(size)s 行。前 %(proved)s 行有据可查。请查备份。"
    ),
    "audit.no_checkpoint": _("%(where)s 不是检查点。请用服务写的那份检查点文件，不要改动。"),
    "audit.key_gone": _("%(where)s 是用密钥 audit-%(key)s 签的，这里没有它。请把那个密钥文件放回密钥文件夹。"),
    "audit.forged": _("%(where)s 的签名不对：这个检查点被改过，或不是这里签的。请换另一份留底再核对。"),
    "audit.repeated": _("%(where)s 没有比上一行更新：检查点重复或次序乱了。请换一份没有动过的留底。"),
    "audit.file_empty": _("%(file)s 里没有检查点，证明不了什么。请换一份留底。"),
    "audit.not_opened": _("%(file)s 打不开，或者不是文件。请检查位置和权限。"),
    "audit.not_written": _("检查点已签好，但写不进 %(file)s。请检查文件夹的空间和权限，再运行一次。"),
    "cli.not_in_production": _("这条命令只用于演示和开发，生产环境不能运行。"),
}
