"""`cxconfig add KIND KEY`: one new object into the files; the options of each kind are made from its model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cxconfig.cli import completing
from cxconfig.cli.common import colour, env_option
from cxconfig.errors import before_writing
from providers.names import KINDS

if TYPE_CHECKING:
    from cxconfig.kinds import Kind
    from cxconfig.writing.files import FileChange

OWN = ("folder", "file", "env", "help")
"""Options of the command itself; a field of such a name gets another one."""


class KindGroup(click.Group):
    """One command for each kind of the registry, by its singular, or with its system in front."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_words())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from providers.registry import REGISTRY

        kind = _accepted().get(_typed(cmd_name))
        return _command(REGISTRY[kind], cmd_name) if kind else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from cxconfig.nearness import near

        if args and _typed(args[0]) not in _accepted() and not args[0].startswith("-"):
            close = near(_typed(args[0]), [*_words(), *_full_words()])
            hint = f" Did you mean {close[0]!r}?" if close else f" There is {', '.join(_words())}."
            raise click.UsageError(f"there is no kind {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _full_words() -> dict[str, str]:
    """`onecloud.user` -> the kind's id; without a model, for the shell's completion."""
    return {f"{kind.partition('.')[0]}.{_typed(singular)}": kind for kind, (singular, _) in KINDS.items()}


def _words() -> dict[str, str]:
    """The same with the singular alone, where only one kind has it."""
    singulars = [_typed(singular) for singular, _ in KINDS.values()]
    return {
        word if singulars.count(word.partition(".")[2]) > 1 else word.partition(".")[2]: kind
        for word, kind in _full_words().items()
    }


def _accepted() -> dict[str, str]:
    """What may be typed besides: the kind's name and its id, as the files have them."""
    names = [kind.partition(".")[2] for kind in KINDS]
    plurals = {name: kind for name, kind in zip(names, KINDS, strict=True) if names.count(name) == 1}
    return {**plurals, **{kind: kind for kind in KINDS}, **_full_words(), **_words()}


def _typed(word: str) -> str:
    """A word of the command line, however it is spelt: `SCIM account` is scim_account."""
    return word.casefold().replace(" ", "_").replace("-", "_")


@click.command("add", cls=KindGroup, subcommand_metavar="KIND KEY [--FIELD VALUE]...")
def command() -> None:
    """Add one object to the files of the tenant in FOLDER, which --folder names (default: here).

    The folder is checked with it first, and nothing is written when there is a mistake. `cxconfig add KIND --help`
    shows the fields. Exit code: 0 added, 1 an error.
    """


def _command(kind: Kind, word: str) -> click.Command:
    from cxconfig.language.keywords import keywords_of

    options = {name: _option_name(name) for name in (*kind.specs, *keywords_of(kind))}

    def run(key: str, folder: Path, file: Path | None, environments: tuple[str, ...], **given: Any) -> int:
        place = _Place(folder, file, environments)
        return _add(kind, key, place, options, given)

    made = click.Command(
        word,
        callback=run,
        help=f"Add a {kind.singular} of {kind.system}; KEY is its name there. Exit code: 0 added, 1 an error.",
        params=[
            click.Argument(["key"], metavar="KEY"),
            *(_field_option(kind, name, options[name]) for name in kind.specs),
            *(_keyword_option(name, options[name]) for name in keywords_of(kind)),
            click.Option(
                ["-C", "--folder"],
                type=click.Path(path_type=Path),
                default=Path("."),
                metavar="FOLDER",
                shell_complete=completing.folders,
                help="The tenant's folder.  [default: here]",
            ),
            click.Option(
                ["--file"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                shell_complete=completing.files,
                help=f"The file below FOLDER to add it to.  [default: beside the other {kind.name}]",
            ),
        ],
    )
    return env_option(made)


class _Place(NamedTuple):
    """Where the object is to be added."""

    folder: Path
    file: Path | None
    environments: tuple[str, ...]


def _option_name(name: str) -> str:
    word = name.replace("_", "-")
    return f"--field-{word}" if word in OWN else f"--{word}"


def _field_option(kind: Kind, name: str, option: str) -> click.Option:
    from cxconfig.language.shape import FlagShape, ListShape, MapShape, NumberShape, RecordShape, fields_of
    from cxconfig.schema.fields import field_help

    shape, told = fields_of(kind.model)[name], field_help(kind, name)
    limits = f"  [{', '.join(told.limits)}]" if told.limits else ""
    text = f"{told.meaning}{limits}".replace("`", "")
    if isinstance(shape, FlagShape):
        return click.Option([f"{option}/--no-{option[2:]}", name], default=None, help=text)
    several = isinstance(shape, (ListShape, MapShape, RecordShape))
    metavar = "NAME=VALUE" if isinstance(shape, (MapShape, RecordShape)) else "TEXT"
    metavar = "NUMBER" if isinstance(shape, NumberShape) else "'${env:NAME}'" if told.secret else metavar
    if several:
        text += " Repeatable."
    return click.Option([option, name], multiple=several, default=None, metavar=metavar, help=text)


def _keyword_option(name: str, option: str) -> click.Option:
    from cxconfig.language.keywords import MEANINGS, PROTECT, WAS

    text = MEANINGS[name].replace("`", "")
    if name == PROTECT:
        return click.Option([f"{option}/--no-{option[2:]}", name], default=None, help=text)
    if name == WAS:
        return click.Option([option, name], default=None, metavar="NAME", help=text)
    return click.Option([option, name], multiple=True, default=None, metavar="NAME", help=f"{text} Repeatable.")


@before_writing()
def _add(kind: Kind, key: str, place: _Place, options: dict[str, str], given: dict[str, Any]) -> int:
    from cxconfig.export.adding import Request, added
    from cxconfig.export.proposal import Folder
    from cxconfig.writing.files import write
    from providers.registry import REGISTRY

    said = {name: value for name, value in given.items() if value is not None and value != ()}
    fields = {name: said[name] for name in kind.specs if name in said}
    keywords = {name: _keyword(said[name]) for name in options if name in said and name not in fields}
    folder = Folder(place.folder, REGISTRY, place.environments)
    change = added(folder, Request(kind, key, fields, keywords, options), place.file)
    write([change])
    _show(change, kind, key)
    return 0


def _keyword(value: Any) -> Any:
    """One name stands by itself, several in a list."""
    return value if isinstance(value, (bool, str)) else value[0] if len(value) == 1 else list(value)


def _show(change: FileChange, kind: Kind, key: str) -> None:
    from cxconfig.cells import safe
    from cxconfig.export.report import diff_lines
    from cxconfig.language.folder import displayed
    from providers.registry import REGISTRY

    for line in diff_lines([change], REGISTRY, colour=colour(sys.stdout), verbose=True):
        click.echo(line, color=True)
    click.echo(f"Added the {kind.singular} {safe(key)} to {displayed(change.path)}.")
