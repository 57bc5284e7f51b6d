"""Bodies exactly as long as a system allows, in the markup that its own editor leaves."""

from __future__ import annotations

from activity_sync.mapping.cut import LengthUnit, length

_EDITORS = {
    "hubspot": ('<div style="" dir="auto" data-top-level="true">', '<p style="margin:0;">'),
    "dynamics": ('<div class="ck-content" data-wrapper="true" dir="ltr">', "<p>"),
}


def long_body(system: str, size: int, *, word: str = "word", unit: LengthUnit = LengthUnit.CHARS) -> str:
    """HTML of exactly `size`, counted in `unit`: numbered paragraphs of some words each, with inline markup."""
    around, paragraph = _EDITORS[system]
    room = size - length(f"{around}{paragraph}</p></div>", unit)
    kept = []
    number = 0
    while True:
        one = f"{paragraph}{number}: <b>{word}</b> &amp; {' '.join([word] * 40)}</p>"
        if length(one, unit) > room:
            break
        kept.append(one)
        room -= length(one, unit)
        number += 1
    return f"{around}{''.join(kept)}{paragraph}{'.' * room}</p></div>"
