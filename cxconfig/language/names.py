"""The names that a registry and the language know, and what may be shown of the value behind any name.

A name is sensitive when a kind or system marks it so, when it is a near miss of such a name, or when it holds a word
like `pass`, `token` or `phone`. What stands behind a name that nobody knows is not shown either: in doubt it is masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import Enum

from cxconfig.kinds import Registry
from cxconfig.language.sensitive import alarming, squashed
from cxconfig.language.shape import ListShape, MapShape, RecordShape, Shape, fields_of

NEAR_SENSITIVE = 0.65
"""A name so like a sensitive one is taken for it (`pasword`, `pswd`)."""
NEAR_CAREFUL = 0.75
NEAR_OPEN = 0.8
"""A name so like an open one is taken for it (`emial`), if it is not shorter than this:"""
LEAST_OPEN = 5
MOST_COMPARED = 1000
"""So many unknown names are compared for one output; what comes after is masked."""

SECTIONS = frozenset(
    {"systems", "state", "vars", "kinds", "environments", "defaults", "templates", "tables", "columns", "limits"}
)
"""The language's words that no value stands behind, but names and further words."""
KEYWORDS = frozenset(
    {
        *(
            "api_version",
            "tenant",
            "settings",
            "extends",
            "file",
            "key",
            "delimiter",
            "manage",
            "exclude",
            "ignore",
            "protect",
            "was",
        ),
        *("on_remove", "plain_secrets", "listed", "all", "disable", "delete", "retain", "true", "false", "null"),
        *("create", "update", "rename", "replace", "count", "percent"),
        *("$remove", "$replace"),
    }
)
"""The language's other words."""
HIDDEN = frozenset({"backend"})
"""Words of the language whose value may hold credentials."""


class Verdict(Enum):
    """What may be shown of the value behind a name."""

    OPEN = "all"
    ADDRESS = "a plain address, without login and query"
    WORDS = "the language's own words, and true or false"
    UNKNOWN = "nothing, unless what stands around it says more"
    SENSITIVE = "nothing, whatever stands around it"


class Names:
    """The names that a registry and the language know, and a verdict for every other one."""

    def __init__(self, registry: Registry) -> None:
        hidden, known, free = set(HIDDEN), {*SECTIONS, *KEYWORDS}, set[str]()
        sections = {*SECTIONS, *registry.systems(), *(kind.name for kind in registry.all())}
        known |= sections
        for name in registry.systems():
            system = registry.system(name)
            hidden.update(system.secret_settings)
            known.update(system.settings.model_fields)
        for kind in registry.all():
            for spec in kind.specs.values():
                (hidden if spec.secret or spec.private else known).update(filter(None, (spec.name, spec.vendor)))
            for name, shape in _nested(fields_of(kind.model)):
                known.add(name)
                if isinstance(shape, MapShape):
                    free.add(name)
        self._hidden = {squashed(name) for name in hidden}
        self._known = {squashed(name) for name in known} - self._hidden
        self._careful = {squashed(name) for name in known if alarming(name)} - self._hidden
        self._sections = {squashed(name) for name in sections}
        self._fields = self._known - self._sections - {squashed(word) for word in KEYWORDS}
        self._free = {squashed(name) for name in free} - self._hidden
        self._verdicts: dict[str, Verdict] = {}
        self._compared = 0

    def knows(self, text: str) -> bool:
        """Is `text` a word of the language, or the name of a system, kind or field?"""
        word = squashed(text)
        return word in self._known or word in self._hidden

    def free(self, name: str) -> bool:
        """Do the entries below this field, or one that it is a near miss of, have names of the user's choice?"""
        word = squashed(name)
        return word in self._free or (word not in self._known and _alike(word, self._free, NEAR_OPEN))

    def below_none(self, path: Sequence[str]) -> bool:
        """Is a name that nobody knows out of place below these keys, so that it may be a misplaced value?"""
        if path and squashed(path[-1]) in self._careful:
            return True
        return len(path) > 1 and all(self.verdict(key) is Verdict.UNKNOWN for key in path[-2:])

    def verdict(self, name: str) -> Verdict:
        if name not in self._verdicts:
            self._verdicts[name] = self._judged(name, squashed(name))
        return self._verdicts[name]

    def of_path(self, path: Iterable[str]) -> Verdict:
        """What may be shown of a value, from all keys above it, outermost first."""
        keys = list(path)
        verdicts = [self.verdict(key) for key in keys]
        if Verdict.SENSITIVE in verdicts:
            return Verdict.SENSITIVE
        if not verdicts:
            return Verdict.UNKNOWN
        if verdicts[-1] is Verdict.UNKNOWN and len(keys) > 1 and self.free(keys[-2]):
            return Verdict.OPEN
        if keys[-1] == "key" and "tables" in keys[:-1]:
            return Verdict.OPEN  # the name of a column
        return verdicts[-1]

    def _judged(self, name: str, word: str) -> Verdict:
        if word in self._hidden:
            return Verdict.SENSITIVE
        alarm = alarming(name) is not None or alarming(word) is not None
        open_ = Verdict.ADDRESS if "url" in word else Verdict.OPEN
        if word in self._known:
            return Verdict.WORDS if alarm or word in self._careful or word in self._sections else open_
        self._compared += 1
        if alarm or self._compared > MOST_COMPARED or _alike(word, self._hidden, NEAR_SENSITIVE):
            return Verdict.SENSITIVE
        if _alike(word, self._careful, NEAR_CAREFUL):
            return Verdict.SENSITIVE
        return open_ if len(word) >= LEAST_OPEN and _alike(word, self._fields, NEAR_OPEN) else Verdict.UNKNOWN


def _alike(word: str, others: Iterable[str], least: float) -> bool:
    matcher = SequenceMatcher(b=word[:100], autojunk=False)
    for other in others:
        matcher.set_seq1(other)
        if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and matcher.ratio() >= least:
            return True
    return False


def _nested(fields: Mapping[str, Shape]) -> Iterator[tuple[str, Shape]]:
    """Every field with its shape, those of nested models too."""
    for name, shape in fields.items():
        yield name, shape
        inner = shape.item if isinstance(shape, (ListShape, MapShape)) else shape
        if isinstance(inner, RecordShape):
            yield from _nested(inner.fields)
