"""One edit at a time: what the file looks like afterwards."""

from __future__ import annotations

import pytest

from cxconfig.errors import EditRefused, InputErrors
from cxconfig.language.nodes import ScalarNode
from cxconfig.writing.editor import Editor, document
from cxconfig.writing.emission import Plain

PEOPLE = """\
# header
api_version: cxconfig/v1   # v

onecloud:
  # teams
  teams:
    Sales:      # nothing
    Night: {}  # empty
  users:
    # Jane
    jdoe:  # the first
      first_name: Jane   # her name
      skills: {English: 90, Billing: 50}
      roles:
        - a
        # the second
        - b
    # Joe
    joe:
      first_name: &n Joe
      last_name: *n
      notes: |  # long
        x
        y

    last: {first_name: L}
  # end of users
"""


def edited(text: str, path: str, value: Plain | None) -> str:
    editor = Editor(text, "people.yaml")
    if value is None:
        editor.remove(path.split("."))
    else:
        editor.set(path.split("."), value)
    return editor.text


def difference(path: str, value: Plain | None) -> tuple[list[str], list[str]]:
    """The lines that an edit of PEOPLE takes out and puts in; all others are the same, in the same order."""
    import difflib

    found = list(difflib.ndiff(PEOPLE.splitlines(), edited(PEOPLE, path, value).splitlines()))
    return [s[2:] for s in found if s[0] == "-"], [s[2:] for s in found if s[0] == "+"]


@pytest.mark.parametrize(
    ("path", "value", "out", "into"),
    [
        (
            "onecloud.users.jdoe.first_name",
            "Janet",
            ["      first_name: Jane   # her name"],
            ["      first_name: Janet   # her name"],
        ),
        (
            "onecloud.users.jdoe.skills.French",
            10,
            ["      skills: {English: 90, Billing: 50}"],
            ["      skills: {English: 90, Billing: 50, French: 10}"],
        ),
        (
            "onecloud.users.jdoe.skills.Billing",
            None,
            ["      skills: {English: 90, Billing: 50}"],
            ["      skills: {English: 90}"],
        ),
        ("onecloud.users.jdoe.enabled", True, [], ["      enabled: true"]),
        (
            "onecloud.teams.Sales.leader",
            "jdoe",
            ["    Sales:      # nothing"],
            ["    Sales: {leader: jdoe}      # nothing"],
        ),
        ("onecloud.teams.Night.on", "true", ["    Night: {}  # empty"], ['    Night: {"on": "true"}  # empty']),
        ("onecloud.teams.Day", {}, [], ["    Day: {}"]),
        ("onecloud.users.new", {"phone": "+15550001111"}, [], ["", '    new: {phone: "+15550001111"}']),
        ("onecloud.users.last", None, ["    last: {first_name: L}"], []),
        (
            "onecloud.users.joe.notes",
            "one\n\ntwo\n",
            ["        x", "        y"],
            ["        one", "", "        two"],
        ),
        (
            "onecloud.users.joe.notes",
            "short",
            ["      notes: |  # long", "        x", "        y"],
            ["      notes: short  # long"],
        ),
        ("tenant", "acme", [], ["", "tenant: acme"]),
    ],
)
def test_an_edit_changes_only_its_lines(path: str, value: Plain | None, out: list[str], into: list[str]) -> None:
    """Values, keys, comments on the line, block texts, flow style."""
    assert difference(path, value) == (out, into)


def test_a_removed_key_takes_its_comments_along() -> None:
    """Those on its line, inside it and directly above it; the header of the file stays."""
    assert difference("onecloud.users.jdoe", None)[0] == PEOPLE.splitlines()[9:17]
    assert edited("# header\na: 1\nb: 2\n", "a", None) == "# header\nb: 2\n"
    assert edited("b: 1\n\n# of a\n# and more\na: 1  # x\n  # inner\n\nc: 3\n", "a", None) == "b: 1\n\nc: 3\n"
    assert edited("b: 1\n# not its own\n\na: 1\n", "a", None) == "b: 1\n# not its own\n\n"
    assert edited("a:\n  b: 1  # x\n", "a.b", None) == "a: {}\n"
    assert edited("a: 1\n", "a", None) == ""


def test_another_place_with_the_same_value_keeps_it() -> None:
    """The anchor goes with the old value to the first alias; an alias that is looked into becomes a copy."""
    out, into = difference("onecloud.users.joe.first_name", "Joseph")
    assert (out, into) == (
        ["      first_name: &n Joe", "      last_name: *n"],
        ["      first_name: Joseph", "      last_name: &n Joe"],
    )
    text = "a: &x {k: 1, l: 2}  # a\nb: *x  # b\nc: *x\n"
    assert edited(text, "a.k", 3) == "a: {k: 3, l: 2}  # a\nb: &x {k: 1, l: 2}  # b\nc: *x\n"
    assert edited(text, "b.k", 3) == "a: &x {k: 1, l: 2}  # a\nb: {k: 3, l: 2}  # b\nc: *x\n"
    assert edited(text, "a", None) == "b: &x {k: 1, l: 2}  # b\nc: *x\n"
    assert edited(text, "c", "x") == "a: &x {k: 1, l: 2}  # a\nb: *x  # b\nc: x\n"
    assert edited("a: &x\n  k: 1\nb:\n  - *x\n  - c\n", "a.k", 2) == "a:\n  k: 2\nb:\n  - &x {k: 1}\n  - c\n"
    assert edited("a: &x 1\n", "a", 2) == "a: &x 2\n"


def test_what_a_merge_brings_is_written_out() -> None:
    """Changed or taken out in its own object; whoever else merges the same has what it had."""
    text = "x: &x {k: 1, l: {m: 2}}\na:\n  <<: *x  # x\n  o: 3\nb: {<<: *x}\n"
    assert edited(text, "a.k", 9) == text.replace("  o: 3\n", "  o: 3\n  k: 9\n")
    assert edited(text, "a.l.n", 9) == text.replace("  o: 3\n", "  o: 3\n  l: {m: 2, n: 9}\n")
    assert edited(text, "a.k", None) == text.replace("  <<: *x  # x\n", "  l: {m: 2}  # x\n")
    assert edited(text, "b.k", 9) == text.replace("{<<: *x}", "{<<: *x, k: 9}")
    moved = text.replace("&x {k: 1", "{k: 9").replace("*x  # x", "&x  # x\n    k: 1\n    l: {m: 2}")
    assert edited(text, "x.k", 9) == moved


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a:\n  b: {c: x}\n"),
        ("# c\n", "# c\n\na:\n  b: {c: x}\n"),
        ("{}\n", "a:\n  b: {c: x}\n"),
        ("--- {} # c\n", "--- # c\na:\n  b: {c: x}\n"),
        ("---\n...\n", "---\na:\n  b: {c: x}\n...\n"),
        ("~", "a:\n  b: {c: x}"),
        ("a:\n", "a:\n  b: {c: x}\n"),
        ("a: # c\n  # d\n\ne: 1\n", "a: # c\n  # d\n  b: {c: x}\n\ne: 1\n"),
        ("a: {}", "a:\n  b: {c: x}"),
        ("a: &x {} # c", "a: &x # c\n  b: {c: x}"),
        ("a: null\r\n", "a:\r\n  b: {c: x}\r\n"),
        ("e:\n    f: 1\n", "e:\n    f: 1\na:\n    b: {c: x}\n"),
        ("{e: 1}\n", "{e: 1, a: {b: {c: x}}}\n"),
        ("{e: , }\n", "{e: , a: {b: {c: x}} }\n"),
        ("{\n  e: 1  # e\n}\n", "{\n  e: 1,  # e\n  a: {b: {c: x}}\n}\n"),
        ("{\n  e: 1,  # e\n}\n", "{\n  e: 1,  # e\n  a: {b: {c: x}},\n}\n"),
        ("a: {  # c\n}\n", "a: {  # c\nb: {c: x}}\n"),
        ("e: 1\n# c\n", "e: 1\n# c\na:\n  b: {c: x}\n"),
        ("\ufeffe: 1", "\ufeffe: 1\na:\n  b: {c: x}"),
        ("? e\n: 1\n", "? e\n: 1\na:\n  b: {c: x}\n"),
    ],
)
def test_missing_keys_are_made_in_the_style_of_the_file(text: str, wanted: str) -> None:
    """Empty files, empty values, comments, markers, line ends, other indentation, brackets."""
    assert edited(text, "a.b.c", "x") == wanted


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["{E: 1,\n       F: 2}", "[1,\n       2]", '"q\n       r"', "{E: 1,\n       F: 2},"])
def test_a_key_behind_a_value_of_several_lines_that_ends_on_the_line_of_the_brace(last: str, newline: str) -> None:
    before = f"a:\n  b: {{x: 1,\n     s: {last}".replace("\n", newline)
    editor = Editor(f"{before}}}{newline}")
    editor.set(("a", "b", "email"), "e")
    assert editor.text == f"{before.removesuffix(',')}, email: e}}{newline}"


def test_what_is_there_already_is_not_written_again() -> None:
    """Also a text of digits without quotes; a number in quotes becomes one without."""
    for path, value in (("a", "0123"), ("b", 5), ("c", {"e": "true"}), ("d", ["1", "x"])):
        text = "a: 0123\nb: 5 \nc: {e:   true}\nd:\n- 1\n- 'x'"
        assert edited(text, path, value) == text
    assert edited("a: '5'\n", "a", 5) == "a: 5\n"
    assert edited("a: $remove\n", "a", "$remove") == 'a: "$remove"\n'
    assert edited("a: ~\n", "a", "") == 'a: ""\n'


def test_values_are_replaced_in_every_style() -> None:
    """Block by flow and back, several lines by one and back."""
    assert edited("a:\n  - x  # x\n  # y\n  - z\nb: 1\n", "a", "t") == "a: t\nb: 1\n"
    assert edited("a: 1 # c\nb: 1\n", "a", {"x": {"y": 1}}) == "a: # c\n  x: {y: 1}\nb: 1\n"
    assert edited("a: [1,\n  2] # c\nb: 1\n", "a", "l\nm") == "a: |- # c\n  l\n  m\nb: 1\n"
    assert edited("a: x\n  y\nb: 1\n", "a", "l\nm") == "a: |-\n  l\n  m\nb: 1\n"
    assert edited("a:\n  x  # c\nb: 1\n", "a", "y") == "a:\n  y  # c\nb: 1\n"
    assert edited("a: x\n    # deep\nb: 1\n", "a", "l\nm") == 'a: "l\\nm"\n    # deep\nb: 1\n'
    assert edited("a:\n- 1\n", "b", ["x" * 60, "y" * 60]) == f"a:\n- 1\nb:\n- {'x' * 60}\n- {'y' * 60}\n"
    assert edited("a: |+\n  x\n\n\nb: 1\n", "a", "z") == "a: z\nb: 1\n"


def test_a_list_is_changed_item_by_item() -> None:
    """In block style: items that stay keep their lines, quotes and comments."""
    text = "a:\n- 'x'  # x\n# of y\n- y\n- 1\nb: 1\n"
    assert edited(text, "a", ["x", "1"]) == "a:\n- 'x'  # x\n- 1\nb: 1\n"
    assert edited(text, "a", ["x", "y", "1", "z"]) == "a:\n- 'x'  # x\n# of y\n- y\n- 1\n- z\nb: 1\n"
    assert edited(text, "a", ["n", "x", "m", "y", "1"]) == "a:\n- n\n- 'x'  # x\n- m\n# of y\n- y\n- 1\nb: 1\n"
    assert edited(text, "a", ["x", "z", {"k": ["l"]}, "1"]) == ("a:\n- 'x'  # x\n- z\n- k: [l]\n- 1\nb: 1\n")
    assert edited("a:\n  - x\n  - y", "a", ["x"]) == "a:\n  - x"
    assert edited("a:\n  - &x x\n  - y\nb: *x\n", "a", ["y"]) == "a:\n  - y\nb: &x x\n"
    assert edited("a:\n  - '5'\n  - x\n", "a", [5, "x"]) == "a:\n  - 5\n  - x\n"
    assert edited("a:\n  - ~\n  - x\n", "a", ["", "x"]) == 'a:\n  - ""\n  - x\n'
    assert edited("a: [x, y]  # c\n", "a", ["x", "z"]) == "a: [x, z]  # c\n"


def test_a_longer_line_is_broken() -> None:
    """A mapping in brackets goes on below its first key."""
    text = f"a: {{k: {'x' * 80}}}\n"
    assert edited(text, "a.l", "y" * 20) == f"a: {{k: {'x' * 80},\n    l: {'y' * 20}}}\n"


def test_many_edits_are_one_reading() -> None:
    """Edits of other places wait for each other; those of one place are made one after the other."""
    editor = Editor(PEOPLE)
    users = ("onecloud", "users")
    for number in range(50):
        editor.set((*users, f"u{number}"), {"first_name": f"U{number}", "skills": {"English": number}})
    editor.set((*users, "u7", "skills", "English"), 99)
    editor.remove((*users, "u8"))
    editor.remove((*users, "u9"))
    editor.set((*users, "u9"), {})
    assert editor.has((*users, "u7", "skills")) and not editor.has((*users, "u8"))
    assert editor.keys(users) == ["jdoe", "joe", "last", *(f"u{n}" for n in range(50) if n not in (8, 9)), "u9"]
    again = Editor(editor.text)
    assert again.keys(users) == editor.keys(users)
    assert "    u7:\n      first_name: U7\n      skills: {English: 99}\n" in editor.text


def test_what_cannot_be_is_refused() -> None:
    """Text that is no YAML, a key below a text, an invisible character, an endless name."""
    with pytest.raises(InputErrors):
        Editor("a: [", "x.yaml")
    for path, value in (("a.b", 1), ("l.b", 1), ("n", "bell\x07"), ("n", "\ud800"), ("x" * 2000, 1)):
        editor = Editor("a: x\nl: [1]\n", "x.yaml")
        with pytest.raises(EditRefused):
            editor.set(path.split("."), value)
        assert editor.text == "a: x\nl: [1]\n"
    with pytest.raises(EditRefused, match=r"people\.yaml: a is a text, so a\.b cannot be set"):
        edited("a: x\n", "a.b", 1)
    with pytest.raises(EditRefused):
        Editor("").set((), "x")


def test_a_new_file() -> None:
    """A comment, then mappings in block style; what is small and flat in brackets, alike among neighbours."""
    text = document(
        {
            "onecloud": {
                "teams": {"Sales": {}, "B": {}},
                "users": {
                    "a": {"first_name": "x", "roles": ["a", "b"]},
                    "b": {"first_name": "y", "skills": {"e": 1}},
                },
            },
            "notes": "x\ny\n",
        },
        "Made here\n\nfor you",
    )
    assert text == (
        "# Made here\n#\n# for you\n\n"
        "onecloud:\n  teams:\n    Sales: {}\n    B: {}\n"
        "  users:\n    a:\n      first_name: x\n      roles: [a, b]\n"
        "    b:\n      first_name: y\n      skills: {e: 1}\n"
        "notes: |\n  x\n  y\n"
    )
    assert document({}) == ""


@pytest.mark.parametrize("key", ["007", "0123", "7", "yes", "On", "1.5", "null", "2024-01-02", "+1555", "<<"])
def test_a_key_that_looks_like_no_text_is_written_in_quotes(key: str) -> None:
    assert document({"a": {key: "x"}}) == f'a:\n  "{key}": x\n'
    assert edited("a:\n  b: x\n", "a", {"b": "x", key: "x"}) == f'a:\n  b: x\n  "{key}": x\n'
    assert edited("a: {b: x}\n", "a", {"b": "x", key: "x"}) == f'a: {{b: x, "{key}": x}}\n'


def test_a_mark_is_written_without_quotes_and_its_text_with_them() -> None:
    """A node says how it is to be written; a value is what it is, so the text `$remove` gets quotes."""
    editor = Editor("a: {b: 1}\n", "x.yaml")
    editor.set(("a", "b"), ScalarNode("$remove", True, 0, 0))
    editor.set(("a", "c"), "$remove")
    editor.set(("d", "e"), ScalarNode("$remove", True, 0, 0))
    assert editor.text == 'a: {b: $remove, c: "$remove"}\nd: {e: $remove}\n'


def test_a_key_of_a_mapping_that_a_merge_brings_is_removed_in_a_copy() -> None:
    """The one that is merged keeps it."""
    editor = Editor("a: &a {s: {x: 1, y: 2}}\nb:\n  <<: *a\n  t: 3\n", "x.yaml")
    editor.remove(("b", "s", "x"))
    assert editor.text == "a: &a {s: {x: 1, y: 2}}\nb:\n  <<: *a\n  t: 3\n  s: {y: 2}\n"
