"""What there is to say of the words of the language that are no fields: keywords of objects, settings in tenant.yaml.

word_of(kind, "was")                                       as one asks of an object or a kind
elsewhere(REGISTRY, "systems.onecloud.kinds.users.limits")  as messages name a setting
elsewhere(REGISTRY, "limits")                              the word alone, a field's or a kind's as well
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cxconfig.errors import SettingsError
from cxconfig.kinds import Action, Kind, Registry
from cxconfig.language.keywords import EXTENDS, IGNORE, MEANINGS, PROTECT, WAS, comparable, keywords_of
from cxconfig.nearness import did_you_mean, near
from cxconfig.schema.fields import FieldHelp, KindHelp, describe, settings_help
from cxconfig.schema.meanings import KIND_SETTINGS, SECTION, STATE, SYSTEM, TOP

TENANT = "tenant.yaml"


@dataclass(frozen=True, slots=True)
class WordHelp:
    """One word: `stands` tells where it is written, `also` where the same word means something similar."""

    id: str
    name: str
    meaning: str
    stands: str
    example: str = ""
    also: tuple[str, ...] = ()


def word_of(kind: Kind, word: str) -> WordHelp | None:
    """A keyword of the kind's objects, or a setting of the kind; None for what is neither.

    Raises `SettingsError` for a keyword that its objects do not have.
    """
    setting = f"systems.{kind.system}.kinds.{kind.name}.{word}"
    if word in keywords_of(kind):
        also = (setting,) if word in KIND_SETTINGS else ()
        stands = f"in an entry of {kind.id}, beside its fields"
        return WordHelp(f"{kind.id}.{word}", word, MEANINGS[word], stands, _example(kind, word), also)
    if word in KIND_SETTINGS:
        return _setting(kind, word)
    if word in MEANINGS:
        raise SettingsError(f"`{word}` means nothing for {kind.name}", way_out="Leave it out.")
    return None


def elsewhere(registry: Registry, target: str) -> WordHelp | FieldHelp | KindHelp | None:
    """A word that stands by itself, below `systems` or `state`, or beside a system's kinds; None for everything else.

    Raises `SettingsError` with the near names for what is not there, and with all that has a name which several have.
    """
    first, *rest = target.strip().split(".")
    if first == "systems" and rest:
        return _below_systems(registry, rest)
    if first == "state" and rest:
        return _one(rest[0], STATE, "state", f"in {TENANT}, below `state`")
    if first in registry.systems() and rest and rest[0] in SECTION:
        return WordHelp(f"{first}.{rest[0]}", rest[0], SECTION[rest[0]], f"below `{first}`, beside its kinds")
    return None if rest else _alone(registry, first)


def _alone(registry: Registry, word: str) -> WordHelp | FieldHelp | KindHelp | None:
    having = [kind.id for kind in registry.all() if word in (*keywords_of(kind), *kind.specs)]
    below = f"systems.<system>.kinds.<kind>.{word}"
    also = (below,) if word in KIND_SETTINGS else ()
    if word in MEANINGS:
        return WordHelp(word, word, MEANINGS[word], f"in an entry of {', '.join(having)}", also=also)
    if word in TOP:
        return WordHelp(word, word, TOP[word], f"at the top of {TENANT if word != 'vars' else 'any file'}", also=also)
    if word in KIND_SETTINGS:
        entries = tuple(f"{kind}.{word}" for kind in having)
        return WordHelp(word, word, KIND_SETTINGS[word], f"in {TENANT}, as `{below}`", also=entries)
    return _by_name(registry, word)


def _by_name(registry: Registry, word: str) -> WordHelp | FieldHelp | KindHelp | None:
    """A kind, a field or a setting of a system by its bare name; None for a system and for nothing."""
    kinds = [kind.id for kind in registry.all() if word in (kind.name, kind.singular)]
    fields = [f"{kind.id}.{word}" for kind in registry.all() if word in kind.specs]
    names = registry.systems()
    settings = [f"systems.{name}.{word}" for name in names if word in registry.system(name).settings.model_fields]
    sections = [f"{name}.{word}" for name in names if word in SECTION]
    found = [*kinds, *fields, *settings, *sections]
    if len(found) > 1:
        raise SettingsError(f"{word!r} is the name of several", way_out=f"Ask for {' or '.join(found)}.")
    if kinds or fields:
        return describe(registry, found[0])
    if found:
        return elsewhere(registry, found[0])
    if word in names or not word:
        return None
    known = [name for kind in registry.all() for name in (kind.id, kind.name, *kind.specs)]
    close = near(word, [*known, *MEANINGS, *TOP, *KIND_SETTINGS, *SECTION])
    hint = f"Did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
    raise SettingsError(
        f"there is neither a kind nor a field nor a setting {word!r}",
        way_out=hint or f"The kinds: {', '.join(kind.id for kind in registry.all())}.",
    )


def _below_systems(registry: Registry, parts: list[str]) -> WordHelp | FieldHelp:
    name, *rest = parts
    if name not in registry.systems():
        raise _missing("system", name, registry.systems())
    system = registry.system(name)
    if rest[:1] == ["kinds"] and len(rest) > 2:
        kinds = registry.of_system(name)
        if rest[1] not in kinds:
            raise _missing("kind", rest[1], kinds)
        if rest[2] not in KIND_SETTINGS:
            raise _missing("setting", rest[2], KIND_SETTINGS)
        return _setting(kinds[rest[1]], rest[2])
    word = rest[0] if rest else ""
    for one in settings_help(system.settings, name, system.secret_settings):
        if one.name == word:
            return one
    if word in SYSTEM or not word:
        text = SYSTEM[word] if word else TOP["systems"]
        return WordHelp(".".join(["systems", name, *rest[:1]]), word or name, text, f"in {TENANT}")
    raise _missing("setting", word, [*system.settings.model_fields, *SYSTEM])


def _setting(kind: Kind, word: str) -> WordHelp:
    place = f"systems.{kind.system}.kinds.{kind.name}"
    also = (f"{kind.id}.{word}",) if word in (*keywords_of(kind), *kind.specs) else ()
    stands = f"in {TENANT}, below `{place}`"
    return WordHelp(f"{place}.{word}", word, KIND_SETTINGS[word], stands, _setting_example(kind, word), also)


def _example(kind: Kind, word: str) -> str:
    return {EXTENDS: "sales", PROTECT: "true", WAS: f"old.{kind.example}"}.get(word) or _ignored(kind)


def _setting_example(kind: Kind, word: str) -> str:
    counted = [action for action in (Action.DISABLE, Action.DELETE) if action in kind.limitable]
    made: Mapping[str, Callable[[], str]] = {
        "on_remove": lambda: kind.removals[-1].value,
        "manage": lambda: "all" if kind.listable else "listed",
        "exclude": lambda: "[svc-*, root]",
        IGNORE: lambda: _ignored(kind),
        PROTECT: lambda: "true",
        "plain_secrets": lambda: _listed([name for name, spec in kind.specs.items() if spec.secret]),
        "limits": lambda: f"{{{', '.join(f'{action}: 5' for action in counted)}}}" if counted else "",
    }
    return made[word]()


def _ignored(kind: Kind) -> str:
    names = comparable(kind)
    return _listed([name for name in names if kind.specs[name].secret] or names)


def _listed(names: list[str]) -> str:
    return f"[{names[-1]}]" if names else ""


def _one(word: str, words: Mapping[str, str], owner: str, stands: str) -> WordHelp:
    if word not in words:
        raise _missing("setting", word, words)
    return WordHelp(f"{owner}.{word}", word, words[word], stands)


def _missing(what: str, name: str, known: Iterable[str]) -> SettingsError:
    names = list(known)
    hint = did_you_mean(name, names)
    way_out = hint[:1].upper() + hint[1:] or f"There is: {', '.join(names)}."
    return SettingsError(f"there is no {what} {name!r}", way_out=way_out)
