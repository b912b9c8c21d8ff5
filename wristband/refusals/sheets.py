"""Of sheets: lists of elders brought in and taken out."""


def _(text: str) -> str:
    return text


SENTENCES: dict[str, str] = {
    # the file
    "sheets.file_missing": _("还没有选文件。请先选一张登记表，再点「上传检查」。"),
    "sheets.empty": _("文件是空的。请选另一个文件。"),
    "sheets.no_rows": _("表里没有老人。请从「示例」的下一行开始填，再上传。"),
    "sheets.too_large": _("文件超过 %(most_mb)s MB。请分成几个文件，再分别上传。"),
    "sheets.old_format": _("这是旧的 .xls 文件。请在表格软件里另存为 .xlsx，再上传。"),
    "sheets.macros": _("文件里有宏，不能收。请另存为不带宏的 .xlsx，再上传。"),
    "sheets.bomb": _("文件解开后太大，不能收。请只留老人的表，另存为新的 .xlsx。"),
    "sheets.broken": _("文件打不开，可能已损坏或加了密码。请重新另存为 .xlsx 或 CSV，再上传。"),
    "sheets.not_text": _("文件里的文字读不出来。请另存为 .xlsx，或 UTF-8 编码的 CSV。"),
    "sheets.no_headings": _("没有找到表头。请下载模板，或在第一行写上：%(columns)s。"),
    "sheets.columns_missing": _("表头里少了：%(columns)s。请加上这几列，再上传。"),
    "sheets.column_twice": _("表头「%(column)s」和另一列的意思重复，分不清用哪一列。请删掉或改名一列。"),
    "sheets.columns_many": _("表太宽了，最多 %(most)s 列。请删掉用不上的列。"),
    "sheets.rows_many": _("一张表最多 %(most)s 位老人。后面的没有读，请分成几个文件。"),
    # a row
    "sheets.row_unreadable": _("这一行读不出来，多半是少了一个引号。请改好再上传。"),
    "sheets.formula": _("这一格是公式。请复制后「选择性粘贴」为数值。"),
    "sheets.error_cell": _("这一格是表格软件的错误值。请改成要填的内容。"),
    "sheets.scientific": _("数字被缩写了，后几位已丢。请把这一列设成文本，重新填号码。"),
    "sheets.sex": _("请写「男」或「女」，或者不填。"),
    "sheets.relation": _("请写：子女、配偶、孙辈、兄弟姐妹、其他亲属 或 照护人。"),
    "sheets.phone_missing": _("请填家人的手机号。"),
    "sheets.guardian_name_missing": _("请填家人的姓名。"),
    "sheets.guardian_name_long": _("太长了，最多 %(longest)s 个字。"),
    "sheets.other_station": _("只能登记到本所。请删掉这一行，交给那个派出所；或者不填这一格。"),
    "sheets.consent_missing": _("没有这一项同意就不能登记。请让家人签字，再填签字日期。"),
    "sheets.day": _("请像 2026-11-24 这样写日期。"),
    "sheets.day_future": _("这一天还没有到。请核对签字日期。"),
    "sheets.day_old": _("签字已超过 %(years)s 年。请让家人重新签字。"),
    # imports
    "sheets.imports_spent": _("上传得太多了。请 %(wait)s后再上传。"),
    "sheets.import_unknown": _("没有找到这次导入，或者文件已到期清走。请重新上传。"),
    "sheets.moved_on": _("这次导入已经往前走了。请看最新状态。"),
    "sheets.officer_unknown": _("没有这个账号，或者它已停用。请核对 --officer。"),
    # exports
    "sheets.columns_none": _("请至少勾选一列。"),
    "sheets.reason_missing": _("请写明用途，至少 %(least)s 个字。同意的领导和审计会看到。"),
    "sheets.reason_long": _("写得太长了，最多 %(longest)s 个字。"),
    "sheets.nothing_to_export": _("没有符合的老人。请换一个登记状态。"),
    "sheets.export_large": _("一次最多导出 %(most)s 位老人。请选一个登记状态，分次导出。"),
    "sheets.exports_spent": _("今天导出的次数用完了。请 %(wait)s后再申请。"),
    "sheets.export_unknown": _("没有找到这次导出。请看您申请过的列表。"),
    "sheets.export_moved_on": _("这份申请已经有人处理，或者过了一天。请看最新的列表。"),
    "sheets.export_gone": _("这个文件已经下载过，或者过了一天。需要的话请重新申请。"),
}
