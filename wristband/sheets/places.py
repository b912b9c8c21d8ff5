"""Where the files of imports and exports lie, sealed, and the names by which their seals are bound."""

SHEET_PLACE = "sheet_import.file"
REFUSED_PLACE = "sheet_import.refused"
EXPORT_PLACE = "sheet_export.file"
