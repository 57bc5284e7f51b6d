"""What more than one test of the mapping needs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

_ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|style|iframe|object|embed|form|input|button|meta|base|link|svg|math|body|template|video|frame)\b"
    r"|<[^>]*\s(?:on\w+|srcdoc|formaction)\s*=|<[^>]*(?:javascript|vbscript)\s*:|<[^>]*data:text"
    r"|<[^>]*(?:expression\(|url\(|position\s*:)|<!--",
    re.IGNORECASE,
)


@pytest.fixture
def is_active() -> Callable[[str], bool]:
    """Whether markup could do something by itself, judged by patterns that know nothing of the sanitiser."""
    return lambda markup: _ACTIVE.search(markup) is not None
