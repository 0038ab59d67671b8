"""Random YAML files in random styles, with a note of what every line and comment belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from hypothesis import strategies as st

from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.nodes import MappingNode, Node, ScalarNode
from cxconfig.language.reader import read
from cxconfig.writing.emission import Plain, inline, key_text, node_of, typed

Value: TypeAlias = "str | int | bool | list[Value] | dict[str, Value] | None"
Path = tuple[str, ...]

WORDS = ["jdoe", "Sales", "English", "x", "1001", "a b", "ключ", "日本", "k:v", "it's", 'say "x"', "😀", "null", "true"]
TEXTS = [
    *("Jane", "NO", "0123", "+15550001111", "yes", "true", "null", "~", "", "90", "-5", "1.5", "${env:X}", "a: b"),
    *("a #b", "#x", "it's", 'say "x"', "back\\slash", " lead", "trail ", "- x", "[x]", "{x}", "a, b", "ümlaut", "😀"),
    *("one\ntwo", "one\ntwo\n", "one\n\n  two\n", "\nlead", "end\n\n", "tab\tx", "?", ":", "*a", "&a", "!t", "%x"),
    *("@x", "`x", "---", "...", "... x", "2024-01-01", "word " * 30, "0x1F", "1e5", "$remove", "<<", "=", "\xa0x"),
    *(">", "|", "x:", "a\n# b", "a\n\tb", "a\n b \nc"),
]
names = st.sampled_from(WORDS)
scalars = st.sampled_from(TEXTS) | st.integers(-99, 99) | st.booleans()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
mappings = st.dictionaries(
    names,
    st.recursive(
        scalars | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=8,
    ),
    max_size=5,
)


@dataclass
class Written:
    """A file's lines, each with the path that it belongs to, and the comments with theirs.

    A comment's kind: `above` its key, on the `line` of its key, or at the `end` of the keys of its path.
    """

    random: Random
    untidy: bool = False
    """With blanks and empty lines that no tidy file has."""
    lines: list[tuple[str, Path]] = field(default_factory=list)
    comments: dict[str, tuple[str, Path]] = field(default_factory=dict)
    anchors: list[tuple[str, Value]] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def comment(self, kind: str, path: Path) -> str:
        text = f"# {len(self.comments)}; it's: [\t?"
        self.comments[text] = (kind, path)
        return text

    def mapping(self, value: dict[str, Value], column: int, path: Path) -> None:
        step = self.random.choice([1, 2, 2, 4])
        known = [anchor for anchor, old in self.anchors if isinstance(old, dict)]
        if known and self.chance(40):
            several = f"[*{known[-1]}, *{known[0]}]" if self.chance(30) else f"*{known[-1]}"
            self.put(f"{' ' * column}<<: {several}", (*path, "<<"))
        for name, item in value.items():
            while self.chance(40 if self.untidy else 10):
                self.lines.append((self.random.choice(["", " ", "      "]) if self.untidy else "", path))
            while self.chance(15):
                shift = self.random.choice([0, 0, 1, 3]) if self.untidy else 0
                self.lines.append((" " * (column + shift) + self.comment("above", (*path, name)), (*path, name)))
            self.entry(name, item, column, step, path)
        if column and self.chance(10):
            self.lines.append((" " * column + self.comment("end", path), path))

    def entry(self, name: str, value: Value, column: int, step: int, path: Path) -> None:
        inner = (*path, name)
        key = " " * column + self.key(name)
        if self.chance(3):
            key = f"{' ' * column}? {self.key(name)}\n{' ' * column}"
        head = key + ("  :" if self.untidy and "\n" not in key and self.chance(10) else ":")
        if self.untidy and self.chance(10):
            head += " " * self.random.choice([1, 4])
        known = [anchor for anchor, old in self.anchors if old == value and type(old) is type(value)]
        if known and self.chance(60):
            self.put(f"{head} *{known[-1]}", inner)
            return
        if value is not None and self.chance(10):
            self.anchors = [(anchor, old) for anchor, old in self.anchors if anchor != "n"]
            anchor = self.random.choice(["n", f"a{len(self.anchors)}"])
            head += f" &{anchor}"
        else:
            anchor = ""
        self.value(head, value, column, step, inner)
        if anchor:
            self.anchors = [(name, old) for name, old in self.anchors if name != anchor]
            self.anchors.append((anchor, value))

    def value(self, head: str, value: Value, column: int, step: int, path: Path) -> None:
        if isinstance(value, dict) and value and self.chance(60):
            self.put(head, path)
            self.mapping(value, column + step, path)
        elif isinstance(value, list) and value and self.chance(60):
            self.put(head, path)
            self.items(value, column + self.random.choice([0, step]), path)
        elif isinstance(value, (dict, list)) and value and self.chance(40):
            self.flow(head, value, column, path)
        elif isinstance(value, str) and "\n" in value and value[0] not in " \n" and self.chance(70):
            self.literal(head, value, column + step, path)
        else:
            self.put(f"{head} {self.inline(value)}".rstrip(), path)

    def put(self, line: str, path: Path) -> None:
        if self.chance(15):
            line += " " * self.random.choice([1, 3]) + self.comment("line", path)
        elif self.untidy and self.chance(20):
            line += self.random.choice([" ", "    "])
        self.lines.append((line, path))

    def literal(self, head: str, value: str, column: int, path: Path) -> None:
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        self.put(f"{head} |{'-' if not ends else '' if ends == 1 else '+'}", path)
        for line in body.split("\n"):
            self.lines.append((" " * column + line if line else "", (*path, "|")))
        for _ in range(ends - 1 if ends > 1 else self.random.choice([0, 0, 1])):
            self.lines.append(("", (*path, "|")))

    def items(self, value: list[Value], column: int, path: Path) -> None:
        for number, item in enumerate(value):
            if self.chance(10):
                self.lines.append((" " * column + self.comment("above", (*path, f"[{number}]")), (*path, "[]")))
            self.put(f"{' ' * column}- {self.inline(item)}".rstrip(), (*path, f"[{number}]"))

    def flow(self, head: str, value: dict[str, Value] | list[Value], column: int, path: Path) -> None:
        """One line for each entry, inside brackets."""
        brackets = "{}" if isinstance(value, dict) else "[]"
        items = (
            [(name, f"{self.key(name, True)}: {self.inline(item, True)}") for name, item in value.items()]
            if isinstance(value, dict)
            else [(f"[{n}]", self.inline(item, True)) for n, item in enumerate(value)]
        )
        self.put(f"{head} {brackets[0]}", (*path, brackets))
        for number, (name, text) in enumerate(items):
            comma = "," if number + 1 < len(items) or self.chance(50) else ""
            self.put(f"{' ' * (column + 2)}{text}{comma}", (*path, name))
        self.put(f"{' ' * (column + 1)}{brackets[1]}", path)

    def key(self, name: str, flow: bool = False) -> str:
        if self.chance(15):
            return "'" + name.replace("'", "''") + "'"
        return key_text(name, flow)

    def inline(self, value: Value, flow: bool = False) -> str:
        if value is None:
            return self.random.choice(["~", "null"] if flow else ["", "~", "null"])
        if isinstance(value, str) and "\n" not in value and value.isprintable() and (typed(value) or self.chance(15)):
            return "'" + value.replace("'", "''") + "'"
        return inline(node_of(plain(value)), flow)


def plain(value: Value) -> Plain:
    """None has no form of its own in what is written: the empty text of flow style."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return "" if value is None else value


def value_of(node: Node | None) -> Value:
    """What a file says, with the types that its texts have without a schema."""
    if node is None:
        return {}
    if isinstance(node, MappingNode):
        return {name: value_of(item) for name, (_, item) in node.entries.items()}
    if not isinstance(node, ScalarNode):
        return [value_of(item) for item in node.items]
    if node.null:
        return None
    if node.plain and typed(node.text):
        return (
            node.text == "true"
            if node.text in ("true", "false")
            else int(node.text)
            if node.text != "$remove"
            else ["$remove"]
        )
    return node.text


def parsed(text: str) -> Value:
    mistakes = Mistakes()
    node = read(text.encode(), Sheet("f.yaml", mistakes))
    assert mistakes.errors == [], (text, [str(e) for e in mistakes.errors])
    return value_of(node)


def agrees(found: Value, wanted: Value) -> bool:
    """Whether a file says what is wanted: a text of digits may stand there without quotes already."""
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(agrees(found[name], item) for name, item in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(agrees, found, wanted))
    if isinstance(wanted, str) and isinstance(found, (int, bool)):
        return str(found).lower() == wanted
    return type(found) is type(wanted) and found == wanted
