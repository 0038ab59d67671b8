"""What the commands share: options, output, questions."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cxconfig.ci import in_ci
from cxconfig.cli import completing
from cxconfig.cli.formats import FORMATS, TEXT, asked, error_document, result_document, with_excerpts
from cxconfig.errors import CxconfigError, Interrupted, SettingsError

if TYPE_CHECKING:
    from cxconfig.planning.plan import Plan, Result
    from cxconfig.reports.progress import Progress
    from cxconfig.writing.files import FileChange

F = TypeVar("F", bound=Callable[..., Any])
ANSWERS = {"y": True, "yes": True, "n": False, "no": False}

folder_argument = click.argument(
    "folder",
    type=click.Path(path_type=Path, file_okay=True, dir_okay=True),
    default=Path("."),
    metavar="[FOLDER]",
    shell_complete=completing.folders,
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=TEXT,
    show_default=True,
    help="Form of the output.",
)
data_option = click.option(
    "--format",
    "form",
    type=click.Choice((TEXT, "json")),
    default=TEXT,
    show_default=True,
    help="Form of the output.",
)
"""For commands that find nothing in the files that code scanning could show."""


def _environments(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the command line; without any, those of the environment variable."""
    from cxconfig.environments import VARIABLE, checked, environment_names

    return checked(names, "--env") or environment_names(os.environ.get(VARIABLE, ""), VARIABLE)


env_option = click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="NAME",
    callback=_environments,
    shell_complete=completing.environments,
    help="Environment to lay over the base; repeat it for more, later ones win. Default: $CXCONFIG_ENV (a,b).",
)
full_option = click.option("--full", is_flag=True, help="Let the engine go over every object, not only what differs.")
verbose_option = click.option("--verbose", is_flag=True, help="Show every object, fold nothing.")
raise_option = click.option(
    "--raise-limit",
    "raises",
    multiple=True,
    metavar="KIND.ACTION=N",
    shell_complete=completing.limits,
    help="Let this run do something to more objects of a kind than its limit; repeat it for more kinds and actions.",
)
yes_option = click.option("--yes", is_flag=True, help="Apply without asking.")
write_option = click.option("--yes", is_flag=True, help="Write without asking.")
force_option = click.option("--force", is_flag=True, help="Write although git does not hold all that is there.")
unlock_option = click.option("--unlock", is_flag=True, help="Remove the lock of a killed run of this host first.")


def colour(stream: Any) -> bool:
    """Only on a terminal, and not with NO_COLOR (any value) or TERM=dumb."""
    return (
        stream is not None
        and bool(stream.isatty())
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def progress() -> Progress:
    """Progress goes to standard error, so that standard output holds the result alone."""
    from cxconfig.reports.progress import Progress

    return Progress(sys.stderr, terminal=sys.stderr.isatty(), colour=colour(sys.stderr))


def show_result(result: Result, form: str, verbose: bool = False) -> int:
    """Print a result and return the exit code."""
    for error in result.errors:
        with_excerpts(error)
    if form != TEXT:
        context = click.get_current_context(silent=True)
        click.echo(result_document(result, form, context.params.get("folder") if context else None))
    else:
        from cxconfig.reports.text import render
        from providers.registry import REGISTRY

        for line in render(result, REGISTRY, width=width(), colour=colour(sys.stdout), verbose=verbose):
            click.echo(line, color=True)
    return result.exit_code


def show_diff(changes: Sequence[FileChange]) -> None:
    """What a command is about to write, secrets and phone numbers masked."""
    from cxconfig.writing.diffs import shown_diff
    from providers.registry import REGISTRY

    for line in shown_diff(changes, REGISTRY, colour=colour(sys.stdout)):
        click.echo(line, color=True)


def ask_to_write(yes: bool, question: str) -> None:
    """Returns when the changes that were shown are to be written; asks nothing with --yes or in CI."""
    if yes or in_ci(os.environ):
        return
    if not sys.stdin.isatty():
        raise SettingsError("there is no terminal to ask on", way_out="Add --yes to write without a question.")
    if not ask(question, "nothing was written"):
        raise Interrupted("nothing was written")


def show_error(error: CxconfigError) -> None:
    """Print an error on standard error; as data on standard output when a form for programs was asked for."""
    from cxconfig.cli import COMMANDS

    with_excerpts(error)
    if asked() != TEXT:
        named = [word for word in sys.argv[1:] if word in COMMANDS]
        click.echo(error_document(error, asked(), named[0] if named else ""))
        return
    from cxconfig.reports.text import render_error

    for line in render_error(error, colour=colour(sys.stderr), width=width()):
        click.echo(line, err=True, color=True)


def show_mistyped(error: click.ClickException) -> None:
    """What is wrong with the command line: as click shows it, or as data when a form for programs was asked for."""
    if asked() == TEXT:
        error.show()
        return
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "cxconfig"
    show_error(SettingsError(error.format_message(), way_out=f"Try '{command} --help' for help."))


def confirmation(yes: bool, form: str, verbose: bool, question: str, shown: str = "preview") -> Callable[[Plan], bool]:
    """Shows the plan and asks; asks nothing with --yes or in CI."""

    def confirm(plan: Plan) -> bool:
        if form == TEXT:
            from cxconfig.planning.plan import Result

            show_result(Result(shown, plan), TEXT, verbose)
        if yes or in_ci(os.environ):
            return True
        if form != TEXT or not sys.stdin.isatty():
            raise SettingsError("there is no terminal to ask on", way_out="Add --yes to apply without a question.")
        return ask(question)

    return confirm


def ask(question: str, otherwise: str = "nothing was applied") -> bool:
    """A question on the terminal until it is answered; Ctrl-C and the end of the input are `Interrupted`."""
    while True:
        try:
            answer = click.prompt(f"{question} [y/N]", default="n", show_default=False).strip().lower()
        except click.Abort:
            click.echo()  # what is said next does not stand beside the question
            raise Interrupted(f"interrupted: {otherwise}") from None
        if answer in ANSWERS:
            return ANSWERS[answer]
        click.echo("Answer y (yes) or n (no).")
