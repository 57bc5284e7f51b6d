"""What staging can hold."""

from __future__ import annotations

import json

from activity_sync.pipeline.rows import dumps


def test_half_of_a_surrogate_pair_is_staged_in_a_form_that_can_be_written() -> None:
    value = {"body": "half \ud83d, whole \U0001f680, other half \ude00"}

    staged = dumps(value)

    assert staged.encode("utf-8")
    assert "\U0001f680" in staged
    assert json.loads(staged) == value
