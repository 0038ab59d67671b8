"""Random files under random edits: the wanted value, every untouched line and every comment are there afterwards."""

from __future__ import annotations

import copy
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxconfig.writing.editor import Editor
from tests.writing.documents import Path, Value, Written, agrees, mappings, names, parsed, values

edits = st.lists(st.tuples(st.integers(0, 99), st.none() | values, st.none() | names), min_size=1, max_size=4)


def places(value: Value, path: Path = ()) -> list[Path]:
    found = [path]
    if isinstance(value, dict):
        for name, item in value.items():
            found += places(item, (*path, name))
    return found


def applied(value: Value, path: Path, new: Value) -> None:
    for name in path[:-1]:
        assert isinstance(value, dict)
        value = value[name]
    assert isinstance(value, dict)
    if new is None:
        del value[path[-1]]
    else:
        value[path[-1]] = new


def written_out(value: Value) -> bool:
    """Whether a value can be given to the editor: it has no word for nothing."""
    if isinstance(value, dict):
        return all(map(written_out, value.values()))
    return all(map(written_out, value)) if isinstance(value, list) else value is not None


def below(path: Path, top: Path) -> bool:
    return path[: len(top)] == top


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(mappings, edits, st.randoms(use_true_random=False), st.booleans())
def test_edits_change_what_they_name_and_nothing_else(
    value: dict[str, Value], wanted: list[tuple[int, Value, str | None]], random: Random, look: bool
) -> None:
    """`look`: the text is asked for between the edits, so that each is made alone."""
    written = Written(random)
    written.mapping(value, 0, ())
    newline = random.choice(["\n", "\n", "\r\n"])
    text = newline.join(line.replace("\n", newline) for line, _ in written.lines)
    text = random.choice(["", "", "\ufeff", f"---{newline}"]) + text + random.choice([newline, newline, ""])
    expected = parsed(text)
    assert isinstance(expected, dict)
    editor = Editor(text)
    assert editor.text == text
    done: list[tuple[Path, bool]] = []
    for number, new, name in wanted:
        there = places(expected)
        path = there[number % len(there)]
        target: Value = expected
        for key in path:
            assert isinstance(target, dict)
            target = target[key]
        if name is not None and isinstance(target, dict):
            path = (*path, name)
        if isinstance(target, list) and isinstance(new, list):
            new = random.sample(target, random.randrange(len(target) + 1)) + new
            random.shuffle(new)
            new = [item for item in new if written_out(item)]
        if not path or (new is None and path not in there):
            continue
        applied(expected, path, copy.deepcopy(new))
        done.append((path, new is None))
        if new is None:
            editor.remove(path)
        else:
            editor.set(path, new)  # type: ignore[arg-type]
        if look:
            assert agrees(parsed(editor.text), expected)
    result = editor.text
    assert agrees(parsed(result), expected), (text, done, result)
    assert result.startswith("\ufeff") == text.startswith("\ufeff")
    assert "\r" not in result.replace("\r\n", "") and ("\r" not in text or "\n" not in result.replace("\r\n", ""))
    keeps_comments(written, done, text, result)
    keeps_lines(written, done, text, result)


def keeps_comments(written: Written, done: list[tuple[Path, bool]], text: str, result: str) -> None:
    for comment, (kind, path) in written.comments.items():
        if path[-1:] == ("<<",) and any(below(edited, path[:-1]) for edited, _ in done):
            continue  # all that the merge brought may be gone
        gone = any(
            below(path, edited) and (removed or len(path) > len(edited) or kind == "end") for edited, removed in done
        ) or any(removed and kind == "end" and path == edited[:-1] for edited, removed in done)
        assert gone or comment in result, (text, done, result, comment)


def keeps_lines(written: Written, done: list[tuple[Path, bool]], text: str, result: str) -> None:
    """Lines of other keys are there, in their order. Those with anchors may have changed with what they share."""
    lines = iter(result.removeprefix("\ufeff").splitlines())
    for line, path in written.lines:
        touched = any(below(path, edited) or below(edited, path) for edited, _ in done)
        if not touched and line and "&" not in line and "*" not in line:
            for part in line.split("\n"):
                assert any(part == other or part.replace(",", "") == other.replace(",", "") for other in lines), (
                    text,
                    done,
                    result,
                    line,
                )
