"""The picture in the README: it shows what a preview shows today, and needs nothing from anywhere else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from tools import picture

SVG = "{http://www.w3.org/2000/svg}"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def lines_of(svg: str) -> list[str]:
    """The words of each line of a picture, top to bottom; blanks are of no account."""
    found: dict[float, str] = {}
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        if "-title" not in text.attrib["class"]:
            y = float(text.attrib["y"])
            found[y] = found.get(y, "") + (text.text or "").replace("\xa0", " ")
    return [line for y in sorted(found) if (line := comparable(found[y]))]


def comparable(line: str) -> str:
    """A line without blanks and with any number of seconds."""
    return re.sub(r"\d+\.\d+s\.$", "N s.", "".join(line.split()))


def test_it_shows_what_a_preview_shows_today() -> None:
    """The same run now gives the same lines, word for word, and the same colours."""
    shown = picture.preview()
    expected = [f"$ {picture.COMMAND}", *ANSI.sub("", shown).splitlines()]
    kept = picture.PICTURE.read_text("utf-8")
    assert lines_of(kept) == [line for text in expected if (line := comparable(text))], "run python -m tools.picture"
    fresh = picture.picture(shown)
    assert lines_of(fresh) == lines_of(kept)
    assert set(re.findall(r"fill: (#\w+)", fresh)) == set(re.findall(r"fill: (#\w+)", kept))


def test_it_names_no_other_host() -> None:
    """No address but the name of the SVG namespace, no script, no import and no picture in the picture."""
    svg = picture.PICTURE.read_text("utf-8")
    assert set(re.findall(r"\b\w+://[^\"'\s)]+", svg)) == {SVG.strip("{}")}
    assert not re.search(r"@import|@font-face|<script|<image|href=|src=", svg)


def test_it_holds_the_parts_of_a_plan() -> None:
    """A creation, an update by an edit and one by drift, something disabled, and the count at the end."""
    text = "\n".join(lines_of(picture.PICTURE.read_text("utf-8")))
    for part in ("+creategcosta(gonelive)", "(edited)", "(drift)", "xdisablehmoreau", "Plan:1tocreate"):
        assert part in text
