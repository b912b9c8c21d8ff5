"""Every refusal's sentence: what went wrong and what to do now, in warm, short, plain Chinese.

The Chinese text is the catalogue's message id; other languages translate it in translations/<language>/.
`_` only marks a text for the catalogue; placeholders are `%(name)s`, filled from the refusal's facts.
"""

from wristband.refusals import anywhere, partners, people, police, records, sheets, things

SENTENCES: dict[str, str] = {
    **things.SENTENCES,
    **people.SENTENCES,
    **police.SENTENCES,
    **records.SENTENCES,
    **partners.SENTENCES,
    **sheets.SENTENCES,
    **anywhere.SENTENCES,
}
