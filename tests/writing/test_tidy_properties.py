"""Random untidy files: laid out they say the same, have the same comments, and stay as they are from then on."""

from __future__ import annotations

import re
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxconfig.writing.spans import Layout
from cxconfig.writing.tidy import comments, tidied
from tests.writing.documents import Value, Written, mappings, parsed


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(mappings, st.randoms(use_true_random=False))
def test_the_layout_keeps_meaning_and_comments_and_is_final(value: dict[str, Value], random: Random) -> None:
    written = Written(random, untidy=True)
    written.mapping(value, random.choice([0, 0, 0, 2]), ())
    newline = random.choice(["\n", "\r\n"])
    text = newline.join(line.replace("\n", newline) for line, _ in written.lines)
    text = random.choice(["", "", "\ufeff", f"---{newline}"]) + text + random.choice([newline, newline * 3, "", "  "])
    result = tidied(text)
    assert parsed(result) == parsed(text)
    assert sorted(comments(Layout(result))) == sorted(written.comments)
    assert tidied(result) == result
    assert "\r" not in result and not result.startswith(("\ufeff", "\n"))
    if "|" not in result:
        assert not re.search(r"[ \t]\n|\n\n\n", result)
        assert result == "" or (result.endswith("\n") and not result.endswith("\n\n"))
