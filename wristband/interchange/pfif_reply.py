"""What a caller of the write address is answered: for persons and for notes how many came, were taken, were skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from wristband.interchange import pfif, xml
from wristband.interchange.pfif_reading import Misfit

NAMESPACE = "http://zesty.ca/pfif/1.4/status"
_PREFIXES = {NAMESPACE: "status", pfif.NAMESPACE: "pfif"}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the records of one kind, `person` or `note`."""

    kind: str
    parsed: int
    written: int
    skipped: Sequence[Misfit] = ()


def document(every: Sequence[Written]) -> bytes:
    """`status:status` with a `status:write` for each kind."""
    root = Element(f"{{{NAMESPACE}}}status")
    for one in every:
        write = SubElement(root, f"{{{NAMESPACE}}}write")
        for name, text in (
            ("record_type", f"pfif:{one.kind}"),
            ("parsed", str(one.parsed)),
            ("written", str(one.written)),
        ):
            SubElement(write, f"{{{NAMESPACE}}}{name}").text = text
        for misfit in one.skipped:
            skipped = SubElement(write, f"{{{NAMESPACE}}}skipped")
            SubElement(skipped, f"{{{pfif.NAMESPACE}}}{one.kind}_record_id").text = xml.clean(misfit.record_id)
            SubElement(skipped, f"{{{NAMESPACE}}}error").text = xml.clean(misfit.error)
    return xml.write(root, _PREFIXES)
