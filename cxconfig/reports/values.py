"""Values as people read them: one spelling each, secrets never, personal data masked, changes entry by entry."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cxconfig.cells import ELLIPSIS, clusters, columns, is_safe, safe, shorten
from cxconfig.kinds import Difference, FieldSpec, Kind, Registry, SecretRef
from cxconfig.planning.plan import Step

NONE = "(none)"
SECRET = "(secret)"
MASK = "•••••"
VISIBLE_DIGITS = 2
DIGITS_TO_SHOW_ANY = 7
"""Below this many digits the last two would tell too much."""
SHORTEST_SCRUBBED = 4
MOST_PAIRS = 10_000
"""Above this many pairs, list elements are compared as they are spelled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of what changes in a field: `sign` is "+" for added, "-" for removed, "" for changed."""

    label: str
    sign: str
    live: str
    declared: str


class Kinds:
    """The kinds of one report, with an answer also for a kind or field that the registry does not know: hide it."""

    def __init__(self, registry: Registry) -> None:
        self._kinds = {kind.id: kind for kind in registry.all()}

    def get(self, kind_id: str) -> Kind | None:
        return self._kinds.get(kind_id)

    def spec(self, kind_id: str, name: str) -> FieldSpec:
        kind = self.get(kind_id)
        hidden = FieldSpec(name=name, secret=True)
        return kind.specs.get(name.split(".")[0], hidden) if kind else hidden

    def order(self, kind_ids: set[str]) -> list[str]:
        known = [kind_id for kind_id in self._kinds if kind_id in kind_ids]
        return known + sorted(kind_ids.difference(known))

    def title(self, kind_id: str) -> str:
        return safe(kind_id.replace(".", " ", 1))

    def noun(self, kind_id: str, count: int) -> str:
        """`1 user`, `4,812 users`."""
        kind = self.get(kind_id)
        if kind is None:
            return f"{count:,} of {safe(kind_id)}"
        return f"{count:,} {kind.singular if count == 1 else kind.plural}"

    def singular(self, kind_id: str) -> str:
        kind = self.get(kind_id)
        return kind.singular if kind else safe(kind_id)


def masked(value: Any) -> Any:
    """Personal data with at most the last two digits of a number of seven or more; structure kept, keys masked too."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {f"{masked(str(name))} #{i}": masked(inner) for i, (name, inner) in enumerate(value.items(), 1)}
    if isinstance(value, (list, tuple)):
        return [masked(inner) for inner in value]
    text = str(value)
    digits = [char for char in text if char.isdigit()]
    if not text.strip():
        return text
    return MASK + ("".join(digits[-VISIBLE_DIGITS:]) if len(digits) >= DIGITS_TO_SHOW_ANY else "")


def scrubbed(text: str, step: Step, kinds: Kinds) -> str:
    """`text` without the step's personal data, in the spelling of the YAML, of the live system, and digits alone."""
    for difference in step.differences:
        if kinds.spec(step.kind, difference.field).private:
            values = {*_leaves(difference.live), *_leaves(difference.declared)}
            for value in sorted(values, key=lambda v: (-len(v), v)):
                for spelling in (value, "".join(c for c in value if c.isdigit())):
                    if len(spelling) >= SHORTEST_SCRUBBED:
                        text = text.replace(spelling, str(masked(value)))
    return text


def shown(value: Any) -> str:
    """One plain value in one line: `90`, `true`, `Jane`, `Billing 50, English 90`, `(none)`."""
    if isinstance(value, SecretRef):
        return SECRET
    if isinstance(value, Mapping):
        return ", ".join(f"{_text(str(k))} {_inner(v)}" for k, v in value.items()) or NONE
    if isinstance(value, (list, tuple)):
        return ", ".join(_inner(v) for v in value) or NONE
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else safe(str(value))


def declared_value(difference: Difference, spec: FieldSpec) -> str:
    """A field of an object to be created."""
    if spec.secret:
        return f"{SECRET} set"
    return shown(masked(difference.declared) if spec.private else difference.declared)


def entries(difference: Difference, spec: FieldSpec, kind: Kind | None) -> list[Entry]:
    """What changes in one field: one entry, or for mappings and lists one for each changed element."""
    name, live, declared = safe(difference.field), difference.live, difference.declared
    if spec.secret:
        return [Entry(name, "", "", f"{SECRET} changed")]
    if spec.write_only:
        return [Entry(name, "", "(cannot be read)", shown(declared))]
    if spec.private:
        return [_private(name, live, declared)]
    if spec.states is not None and isinstance(live, bool) and isinstance(declared, bool):
        return [Entry(name, "", spec.states[live], spec.states[declared])]
    found: list[Entry] = []
    if _either(live, declared, Mapping):
        found = list(_of_mappings(difference.field, live or {}, declared or {}, kind))
    elif _either(live, declared, (list, tuple)):
        found = list(_of_lists(difference.field, live or [], declared or [], kind))
    return found or [_entry(name, "", live, declared)]


def fit(live: str, declared: str, room: int) -> tuple[str, str]:
    """Both sides of a change in `room` cells together; where shortening hides the difference, the view moves to it."""
    if columns(live) + columns(declared) <= room:
        return live, declared
    half = max(room // 2, 8)
    left_room = max(half, room - columns(declared)) if columns(declared) < half else half
    right_room = max(half, room - columns(live)) if columns(live) < half else half
    left, right = shorten(live, left_room), shorten(declared, right_room)
    if left != right:
        return left, right
    start = max(_common(live, declared) - 3, 0)
    return tuple(  # type: ignore[return-value]
        shorten(ELLIPSIS + "".join(clusters(side)[start:]), half) for side in (live, declared)
    )


def _private(name: str, live: Any, declared: Any) -> Entry:
    if isinstance(live, (Mapping, list, tuple)) or isinstance(declared, (Mapping, list, tuple)):
        before, after = (len(side or ()) for side in (live, declared))
        return Entry(name, "", f"{before:,} masked", f"{after:,} masked (changed)")
    left, right = shown(masked(live)), shown(masked(declared))
    return Entry(name, "", left, f"{right} (another one)" if left == right else right)


def _entry(label: str, sign: str, live: Any, declared: Any) -> Entry:
    left, right = shown(live), shown(declared)
    if not sign and unicodedata.normalize("NFC", left) == unicodedata.normalize("NFC", right):
        left, right = _exact(live), _exact(declared)
    return Entry(label, sign, left, right)


def _of_mappings(name: str, live: Mapping[str, Any], declared: Mapping[str, Any], kind: Kind | None) -> Iterator[Entry]:
    """Entries that the vendor takes for the same under another spelling are paired, and equal ones left out."""
    from deepdiff import DeepDiff

    spellings = {key.strip().casefold(): key for key in declared}
    paired: dict[str, Any] = {key: value for key, value in live.items() if key in declared}
    for key, value in live.items():
        spelling = spellings.get(key.strip().casefold(), key)
        if key not in declared:
            paired[key if spelling in paired else spelling] = value
    live = paired
    if kind is not None:
        live, declared = (
            {k: v for k, v in side.items() if k not in other or not kind.equal(name, {k: v}, {k: other[k]})}
            for side, other in ((live, declared), (declared, live))
        )
    # Without the threshold, sides that share few keys would come back as one changed value.
    tree = DeepDiff(live, declared, view="tree", ignore_order=True, threshold_to_diff_deeper=0)
    found = []
    for category, nodes in tree.items():
        added, removed = category.endswith("_added"), category.endswith("_removed")
        for node in nodes:
            label = safe(name) + "".join(_step(part) for part in node.path(output_format="list"))
            sign = "+" if added else "-" if removed else ""
            found.append(_entry(label, sign, None if added else node.t1, None if removed else node.t2))
    yield from sorted(found, key=lambda e: (" +-".index(e.sign or " "), e.label.casefold(), e.live, e.declared))


def _of_lists(name: str, live: Any, declared: Any, kind: Kind | None) -> Iterator[Entry]:
    """Added and removed elements; the vendor's view of what is the same removes pairs."""
    left, right = Counter(map(_exact, live)), Counter(map(_exact, declared))
    gone, new = _surplus(live, left - right), _surplus(declared, right - left)
    if kind is not None and len(gone) * len(new) <= MOST_PAIRS:
        gone, new = (
            [value for value in side if not any(kind.equal(name, [value], [o]) for o in other)]
            for side, other in ((gone, new), (new, gone))
        )
    yield from (_entry(safe(name), "+", None, value) for value in new)
    yield from (_entry(safe(name), "-", value, None) for value in gone)


def _surplus(values: Any, counts: Counter[str]) -> list[Any]:
    found = []
    for value in values:
        if counts[_exact(value)] > 0:
            counts[_exact(value)] -= 1
            found.append(value)
    return found


def _either(live: Any, declared: Any, kind: Any) -> bool:
    """Is one side of this type and the other too, or absent?"""
    sides = [side for side in (live, declared) if side is not None]
    return bool(sides) and all(isinstance(side, kind) for side in sides)


def _step(part: Any) -> str:
    return f"[{part}]" if isinstance(part, int) else f".{_text(str(part))}"


def _inner(value: Any) -> str:
    return f"({shown(value)})" if isinstance(value, (Mapping, list, tuple)) else shown(value)


def _text(text: str) -> str:
    plain = text and text.strip() == text and text[0] not in "(\"'" and " -> " not in text and is_safe(text)
    if plain:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe(escaped)}"'


def _exact(value: Any) -> str:
    """Distinguishes what looks alike: types, blanks, and characters of the same shape."""
    if isinstance(value, SecretRef):
        return SECRET
    return json.dumps(value, ensure_ascii=True, sort_keys=True, default=str)


def _common(left: str, right: str) -> int:
    count = 0
    for one, other in zip(clusters(left), clusters(right), strict=False):
        if one != other:
            break
        count += 1
    return count


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
