"""XML as it comes from outside and as it goes out: no DTD, no entity, no character that XML 1.0 forbids."""

from __future__ import annotations

import codecs
import re
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from wristband.errors import BadValue

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
DEEPEST = 32
"""Elements inside each other; what we read has four."""

# Production [2] Char of XML 1.0: all else has no place in a document, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["'][^>]*\?>""")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Of the encodings that a Chinese system may declare, each as the superset that reads all of it.
_ENCODINGS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "gb_2312-80", "cp936"), "gb18030"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be"), "utf-16"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    "iso-8859-1": "latin-1",
}


def clean(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids, and with every line ending in a line feed."""
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def read(document: bytes) -> Element:
    """The root of a document in the encoding that it declares, or in UTF-8.

    Raises BadValue: `xml.encoding` where its bytes are none of that, `xml.forbidden` for a DTD or an entity of its
    own, `xml.deep` beyond DEEPEST, `xml.malformed` for everything else that is no XML.
    """
    text = _decoded(document)
    try:
        # As text, so that the declaration does not choose the decoder a second time.
        root: Element = fromstring(text, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise BadValue("xml.forbidden") from None
    except (ParseError, ValueError, RecursionError):
        raise BadValue("xml.malformed") from None
    _check_depth(root)
    return root


def write(root: Element, namespaces: dict[str, str]) -> bytes:
    """A document in UTF-8 with its declaration; `namespaces` are the prefixes, by namespace."""
    for namespace, prefix in namespaces.items():
        register_namespace(prefix, namespace)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return DECLARATION + text


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """An element's namespace; empty where it has none."""
    inside = str(element.tag).rpartition("}")[0]
    return inside.removeprefix("{")


def _decoded(document: bytes) -> str:
    for mark, encoding in _MARKS:
        if document.startswith(mark):
            return _text(document.removeprefix(mark) if encoding == "utf-8" else document, encoding)
    declared = _DECLARED.match(document[:200])
    named = declared[1].decode().lower() if declared else "utf-8"
    if named not in _ENCODINGS or _ENCODINGS[named] == "utf-16":  # without its mark it could not have been read so far
        raise BadValue("xml.encoding")
    return _text(document, _ENCODINGS[named])


def _text(document: bytes, encoding: str) -> str:
    try:
        text = document.decode(encoding)
    except UnicodeDecodeError:
        raise BadValue("xml.encoding") from None
    # The parser reads text, and takes a declaration that names another encoding than its own for a fault.
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1)


def _check_depth(root: Element) -> None:
    layer, depth = [root], 1
    while layer:
        if depth > DEEPEST:
            raise BadValue("xml.deep")
        layer, depth = [child for element in layer for child in element], depth + 1
