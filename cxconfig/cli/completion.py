"""`cxconfig completion`: the script that teaches a shell to complete commands, options, folders, kinds and names."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash: eval "$(cxconfig completion bash)"      in ~/.bashrc
    zsh:  eval "$(cxconfig completion zsh)"       in ~/.zshrc, after compinit
    fish: cxconfig completion fish | source       in ~/.config/fish/config.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    from cxconfig.cli import COMPLETE_VARIABLE, PROGRAM, cli

    found = get_completion_class(shell)
    assert found is not None
    # Not the class's own `source`, which starts a shell to look at its version.
    click.echo(ShellComplete.source(found(cli, {}, PROGRAM, COMPLETE_VARIABLE)))
