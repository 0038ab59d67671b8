"""The command line: one module per command, imported when it is called."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from cxconfig import __version__
from cxconfig.errors import CxconfigError, Interrupted, SettingsError

PROGRAM = "cxconfig"
COMPLETE_VARIABLE = "_CXCONFIG_COMPLETE"
"""Set by the shell's completion script, which asks this program what there is."""
COMMANDS = {
    "init": "Make the folder of a new tenant.",
    "validate": "Check the YAML of a tenant without any call.",
    "show": "Print the document that the files make, every layer merged.",
    "explain": "Explain a kind, a field, or where an object's value comes from.",
    "preview": "Show what `up` would change.",
    "up": "Bring the live systems to what the YAML says.",
    "audit": "Compare live systems with the YAML, without state; writes nothing.",
    "export": "Read the live systems into the files.",
    "add": "Add one object to the files.",
    "refresh": "Bring the recorded state in line with the live systems.",
    "destroy": "Take everything that was applied out again, as on_remove says.",
    "secret": "Keep secrets, encrypted in the settings of the tenant's stack.",
    "fmt": "Lay out the YAML files; --check for CI.",
    "migrate": "Bring the YAML files to the current api_version.",
    "schema": "Print the JSON Schema of the YAML files, for editors.",
    "completion": "Print the completion script for bash, zsh or fish.",
    "doctor": "Show the engine and the settings that would be used.",
    "sandbox": "Run a local simulator of the live systems.",
}


class LazyGroup(click.Group):
    """Commands are found by module name, so that `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cxconfig.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands with their one line, without importing any."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from cxconfig.nearness import near

        if args and args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            close = near(args[0], list(COMMANDS))
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"there is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cxconfig")
def cli() -> None:
    """Contact-centre configuration as code: YAML in git, previewed, applied and audited."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point. Exit codes: 0 nothing to do or done, 2 changes or drift, 1 any error, 130 interrupted.

    SIGTERM is an interruption like Ctrl-C: calls in flight finish, and the exit code is 130.
    """
    _open_streams()
    with suppress(ValueError):  # only a main thread may
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name=PROGRAM,
            complete_var=COMPLETE_VARIABLE,
            standalone_mode=False,
        )
    except (click.exceptions.Abort, KeyboardInterrupt):
        _leave(Interrupted("interrupted: nothing further was begun"))
    except click.ClickException as error:
        from cxconfig.cli.common import show_mistyped

        show_mistyped(error)
        sys.exit(1)
    except CxconfigError as error:
        _leave(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _leave(_unusable(error))
    sys.exit(code if isinstance(code, int) else 0)


def _leave(error: CxconfigError) -> NoReturn:
    """Show what ended the command. A further Ctrl-C has nothing to stop any more."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    from cxconfig.cli.common import show_error

    with suppress(OSError):  # nobody reads it, or the disk is full: the exit code still tells
        show_error(error)
    sys.exit(130 if isinstance(error, Interrupted) else 1)


def _open_streams() -> None:
    """Give a closed standard output or error somewhere to go, so that nobody has to ask whether it is there."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _unusable(error: OSError) -> SettingsError:
    """A file or folder of the user's that cannot be read or written."""
    where = f"{error.filename}: " if error.filename else ""
    return SettingsError(
        f"{where}{error.strerror or type(error).__name__}",
        way_out="Check that this path is what you meant, that there is space, and who may write there.",
    )
