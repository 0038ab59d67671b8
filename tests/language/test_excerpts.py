"""The line beside a mistake: the caret stands under the thing, and nothing secret stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.cells import columns
from cxconfig.errors import Excerpt, InputError, InputErrors, Place
from cxconfig.language import load
from cxconfig.language.excerpts import MOST_EXCERPTS, ROOM, attach
from tests.language.fakes import REGISTRY, agents, written


def excerpts(folder: Path, files: dict[str, str]) -> list[Excerpt]:
    """Those of all mistakes in a tenant with these files."""
    with pytest.raises(InputErrors) as caught:
        load(written(folder, files), REGISTRY)
    assert all(error.excerpt for error in caught.value.errors)
    return [error.excerpt for error in caught.value.errors if error.excerpt]


def excerpt(folder: Path, text: str, line: int, column: int, name: str = "x.yaml") -> Excerpt:
    """That of a mistake at a place in a file with this text."""
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    error = InputError("bad", place=Place(str(folder / name), line, column))
    attach(error, REGISTRY)
    assert error.excerpt is not None
    return error.excerpt


def under(found: Excerpt) -> str:
    return found.text[found.column - 1 : found.column - 1 + found.width]


def test_a_mistake_shows_its_line_with_a_caret(tmp_path: Path) -> None:
    """In the message itself: the line, what it is about, then the way out."""
    with pytest.raises(InputErrors) as caught:
        load(written(tmp_path, agents("    ann:\n      skils: {English: 90}\n")), REGISTRY)
    assert str(caught.value).replace(f"{tmp_path}/", "").split("\n") == [
        'agents.yaml:4:7: desk.agents.ann: unknown field "skils"',
        "  4 |       skils: {English: 90}",
        "    |       ^^^^^",
        "  did you mean `skills`?",
        "1 error in the configuration; nothing was applied",
    ]


@pytest.mark.parametrize(
    ("text", "column", "shown", "underlined"),
    [
        ("first_name: Ann", 1, "first_name: Ann", "first_name"),
        ("first_name: Ann  # secret: x", 13, "first_name: Ann  # …", "Ann"),
        ("first_name: 王小明, ", 13, "first_name: 王小明,", "王小明,"),
        ("first_name: [王小明, Bo]", 19, "first_name: [王小明, Bo]", "Bo"),
        ('first_name: "a\\tb"', 13, 'first_name: "a\\tb"', '"a\\tb"'),
        ("roles: [a,\tb]", 12, "roles: [a,\\tb]", "b"),
        ("first_name: A\u202en", 14, "first_name: A\\u202en", "\\"),
        ("skills: {English: 90}", 22, "skills: {English: 90}", ""),
        ("\ufefffirst_name: Ann", 13, "first_name: Ann", "Ann"),
        ("first_name: a\udcfcb", 14, "first_name: a\ufffdb", "\ufffd"),
    ],
)
def test_the_caret_stands_under_the_thing(tmp_path: Path, text: str, column: int, shown: str, underlined: str) -> None:
    """Also after wide, escaped and broken characters; the line below has its carets in the same cells."""
    found = excerpt(tmp_path, text, 1, column)
    assert found.text == shown and under(found) == underlined
    assert len(found.caret) - len(found.caret.lstrip()) == columns(found.text[: found.column - 1])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_yaml_counts_them(tmp_path: Path, ending: str) -> None:
    """Whatever ends them."""
    text = ending.join(["desk:", "  agents:", "    ann: {shift: x}"])
    assert under(excerpt(tmp_path, text, 3, 18)) == "x"


@pytest.mark.parametrize("place", [0, 40, 5_000, 20_000])
def test_a_long_line_is_cut_around_the_caret(tmp_path: Path, place: int) -> None:
    """What the mistake is about stays, whatever is left of the rest."""
    words = [f"x{i:05}" for i in range(5_000)]
    line = f"roles: [{','.join(words)}]"
    column = line.index(words[place // 6]) + 1
    found = excerpt(tmp_path, line, 1, column)
    assert under(found) == words[place // 6]
    assert columns(found.text) <= ROOM and "…" in found.text
    assert columns(excerpt(tmp_path, "first_name: " + "王" * 300, 1, 13).text) <= ROOM


def test_a_file_that_is_gone_gives_no_line(tmp_path: Path) -> None:
    """Nor does a folder, a place behind the end, an empty line, or a place without a line."""
    (tmp_path / "x.yaml").write_text("a: b\n\n")
    for place in (
        Place(str(tmp_path / "gone.yaml"), 1, 1),
        Place(str(tmp_path), 1, 1),
        Place(str(tmp_path / "x.yaml"), 9, 1),
        Place(str(tmp_path / "x.yaml"), 2, 1),
        Place(str(tmp_path / "x.yaml")),
        Place("a\0b", 1, 1),
    ):
        error = InputError("bad", place=place)
        attach(error, REGISTRY)
        assert error.excerpt is None and str(error) == f"{place}: bad"


def test_the_same_mistake_of_many_objects_is_told_once(tmp_path: Path) -> None:
    """Fields that objects share through an anchor have one place."""
    text = "    a: &a {skils: {English: 9}, shift: dawn}\n" + "".join(f"    b{i}: *a\n" for i in range(50))
    with pytest.raises(InputErrors) as caught:
        load(written(tmp_path, agents(text)), REGISTRY)
    assert [error.path for error in caught.value.errors] == ["desk.agents.a", "desk.agents.a.shift"]
    assert caught.value.what.startswith("2 errors")


def test_not_every_one_of_very_many_mistakes_has_its_line(tmp_path: Path) -> None:
    """The first ones have; the rest is told without."""
    text = "".join(f"    a{i}: {{shift: dawn}}\n" for i in range(MOST_EXCERPTS + 5))
    with pytest.raises(InputErrors) as caught:
        load(written(tmp_path, agents(text)), REGISTRY)
    assert [error.excerpt is None for error in caught.value.errors] == [False] * MOST_EXCERPTS + [True] * 5


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        ("password: hunter2", 1, "password: •••••"),
        ("pasword: hunter2", 1, "pasword: •••••"),
        ("Password: hunter2", 1, "Password: •••••"),
        ("a: {password: hunter2, group: Sales}", 1, "a: {password: •••••, group: Sales}"),
        ("a: {pass word: 'hunter2', group: Sales}", 1, "a: {pass •••••: •••••, group: Sales}"),
        ("a: {phone: [+15551234567, x]}", 1, "a: {phone: [•••••, •••••]}"),
        ("a: {phone: {hunter2: x}}", 1, "a: {phone: {•••••: •••••}}"),
        ("a: {first_name: +15551234567}", 1, "a: {first_name: •••••}"),
        ("first_name: call +1 (555) 123-4567 now", 1, "first_name: call ••••• now"),
        ("colour: hunter2", 1, "colour: •••••"),
        ("skills: {English: hunter2}", 1, "skills: {English: hunter2}"),
        ("skills: {password: hunter2}", 1, "skills: {password: •••••}"),
        ('password: "one\n  hunter2\n  three"', 2, "  •••••"),
        ("password: |\n  first_name: hunter2\n  three", 2, "  •••••"),
        ("password: >-\n  hunter2", 1, "password: •••••"),
        ("first_name: Ann\n  password hunter2", 2, "  •••••"),
        ("first_name: Ann password hunter2", 1, "first_name: •••••"),
        ("group: Phone Key Accounts", 1, "group: Phone Key Accounts"),
        ("url: https://ann:hunter2@x.example.com/?t=hunter2", 1, "url: https://•••••@x.example.com/?•••••"),
        ("url: ann:hunter2@x.example.com", 1, "url: •••••"),
        ("state:\n  backend: s3://hunter2", 2, "  backend: •••••"),
        ("password: *hunter2", 1, "password: •••••"),
        ("password: !hunter2 x", 1, "password: •••••"),
        ("password: &hunter2", 1, "password: •••••"),
        ("first_name: &p hunter2\npassword: *p", 1, "first_name: •••••"),
        ("password: ${env:PW}", 1, "password: ${env:PW}"),
        ("password: hunter2${env:PW}", 1, "password: •••••${env:PW}"),
        ("hunter2", 1, "•••••"),
        ("- hunter2", 1, "- •••••"),
        ("# password: hunter2", 1, "# …"),
        # from here on the syntax is broken, at or before the line
        ("password: @hunter2", 1, "password: •••••"),
        ("password: hunter2: three", 1, "password: •••••: •••••"),
        ('password: "one\n  hunter2 \\q"', 2, '  •••••"'),
        ('password: "hunter2', 1, "password: •••••"),
        ("password: |\n  one\n \thunter2", 3, " \\t•••••"),
        ("a: b\npassword hunter2\nc: d", 2, "password •••••"),
        ("a: b\nkennung hunter2\nc: d", 2, "•••••"),
        ("a: {first_name: Ann password: hunter2", 1, "a: {first_name: •••••: •••••"),
        ("a: [b\npassword: {x: hunter2, first_name: hunter2", 2, "•••••: •••••"),
        ("\tpassword: hunter2", 1, "\\tpassword: •••••"),
        ("\tfirst_name: Ann", 1, "\\tfirst_name: Ann"),
        ("first_name: @Ann", 1, "first_name: @Ann"),
        ("first_name: 'Ann' 'hunter2'", 1, "first_name: 'Ann' •••••"),
    ],
)
def test_nothing_secret_stands_in_it(tmp_path: Path, text: str, line: int, shown: str) -> None:
    """Neither behind a name that says so or nearly so, nor where it cannot be told what stands there."""
    assert excerpt(tmp_path, text, line, 1).text == shown


HEAD = "login,first_name,Kennwort,password,phone,skills.English,pasword\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "shown", "underlined"),
    [
        (HEAD, 1, 7, HEAD.strip(), "first_name"),
        (HEAD + "jdoe,Jane,hunter2,hunter2,+1555123,90,hunter2", 2, 6, "•••••,Jane,•••••,•••••,•••••,90,•••••", "Jane"),
        (HEAD + 'jdoe,"Doe, Jane",x,hunter2,y,90,z', 2, 30, '•••••,"Doe, Jane",•••••,•••••,•••••,90,•••••', "90"),
        (HEAD + "jdoe,Jane,hunter2", 2, 1, "•••••,•••••,•••••", "•••••"),
        (HEAD + 'jdoe,Jane,"hun\nter2",b,c,90,d', 3, 1, '•••••",•••••,•••••,•••••,•••••', "•••••"),
        (HEAD + 'jdoe,Jane,"hun', 2, 1, '•••••,•••••,"•••••', "•••••"),
        ("login;first_name;password\njdoe;Jane;hunter2", 2, 6, "•••••;Jane;•••••", "Jane"),
        ("login\tfirst_name\tpassword\njdoe\tJane\thunter2", 2, 6, "•••••\\tJane\\t•••••", "Jane"),
    ],
)
def test_a_row_of_a_table_shows_the_cells_that_may_be_seen(
    tmp_path: Path, text: str, line: int, column: int, shown: str, underlined: str
) -> None:
    """Those under the names of open fields, when the row fits its header."""
    found = excerpt(tmp_path, text, line, column, "agents.csv")
    assert (found.text, under(found)) == (shown, underlined)
