"""What is shown of a change: the lines around it, and no secret."""

from __future__ import annotations

from pathlib import Path

from cxconfig.writing.diffs import shown_diff
from cxconfig.writing.files import FileChange
from providers.registry import REGISTRY

BEFORE = """\
# call +1 555 000 2222 about this
onecloud:
  users:
    jdoe:
      first_name: Jane
      email: jane@example.com
      phone: +15550001111
      password: hunter2hunter2  # the password is hunter2hunter2
      skills: {English: 90}
    joe:
      first_name: Joe
      password: ${env:JOE}
      phone: &p "+15550003333"
    jim:
      phone: *p
"""


def test_a_change_with_its_surroundings() -> None:
    """File, counts, place, lines before and after; secrets and phone numbers are masked on every line."""
    after = BEFORE.replace("Jane", "Janet").replace("0001111", "0004444").replace("hunter2", "hunter3")
    lines = shown_diff([FileChange(Path("people/a.yaml"), BEFORE, after)], REGISTRY)
    assert lines == [
        "people/a.yaml  (+3 -3)",
        "@@ line 2 @@",
        "  onecloud:",
        "    users:",
        "      jdoe:",
        "-       first_name: Jane",
        "+       first_name: Janet",
        "        email: jane@example.com",
        "-       phone: •••••",
        "-       password: •••••  # •••••",
        "+       phone: •••••",
        "+       password: •••••  # •••••",
        "        skills: {English: 90}",
        "      joe:",
        "        first_name: Joe",
    ]


def test_new_and_removed_files() -> None:
    """All their lines, up to a limit; references stay; masked is also what a private field takes from an anchor."""
    lines = shown_diff([FileChange(Path("a.yaml"), None, BEFORE), FileChange(Path("b.yaml"), "a: 1\n", None)], REGISTRY)
    text = "\n".join(lines)
    assert lines[0] == "a.yaml  (new, 15 lines)" and lines[1] == "+ # call •••••  about this".replace("  ", " ")
    assert "password: ${env:JOE}" in text and "0003333" not in text and "hunter" not in text and "5550" not in text
    assert lines[-3:] == ["", "b.yaml  (removed, 1 line)", "- a: 1"]
    long = shown_diff([FileChange(Path("a.yaml"), None, "- 1\n" * 100)], REGISTRY)
    assert len(long) == 62 and long[-1] == "  ... 40 more lines"


def test_what_is_in_no_line() -> None:
    """Byte order mark, line ends, the end of the file."""
    change = FileChange(Path("a.yaml"), "\ufeffa: 1\r\nb: 1", "a: 1\nb: 1\n")
    assert shown_diff([change], REGISTRY) == [
        "a.yaml  (byte order mark removed, line ends become LF, line end at the end of the file)"
    ]
    assert shown_diff([FileChange(Path("a.yaml"), "a: 1\n", "a: 1\n")], REGISTRY) == []


def test_files_that_are_no_yaml_and_broken_ones() -> None:
    """Phone numbers and what announces a secret are masked there too; nothing steers a terminal."""
    change = FileChange(Path(".gitignore"), "a\n", "a\npassword=x\n+15550001111\n\x1b[31m\n")
    assert shown_diff([change], REGISTRY)[2:] == ["  a", "+ •••••", "+ •••••", "+ \\x1b[31m"]
    broken = FileChange(Path("a.yaml"), "a: [\npassword: hunter2\n", "a: 1\n")
    assert "hunter2" not in "\n".join(shown_diff([broken], REGISTRY))


def test_colours() -> None:
    """Red, green, dim and the name in bold."""
    lines = shown_diff([FileChange(Path("a.yaml"), "a: 1\nb: 1\n", "a: 1\nb: 2\n")], REGISTRY, colour=True)
    assert lines[0].startswith("\x1b[1ma.yaml") and lines[2].startswith("\x1b[2m")
    assert lines[3] == "\x1b[31m- b: 1\x1b[0m" and lines[4] == "\x1b[32m+ b: 2\x1b[0m"
