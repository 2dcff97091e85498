"""The tree of commands, as the program itself knows it."""

from collections.abc import Iterator

import click

from idp.cli import main


def commands(group: click.Group = main, path: str = "idp") -> Iterator[tuple[str, click.Command]]:
    """Every command (groups left out) with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def options(command: click.Command) -> list[click.Option]:
    """The options of a command."""
    return [p for p in command.params if isinstance(p, click.Option)]


EVERY_COMMAND = dict(commands())
