"""The ``idp`` command: set up, run and look after the provider. docs/cli.md lists every command."""

from typing import Any

import click

from idp.cli.accounts import account
from idp.cli.audit import audit
from idp.cli.cases import case
from idp.cli.clients import client
from idp.cli.companies import company
from idp.cli.imports import import_
from idp.cli.keys import keys
from idp.cli.linked import linked
from idp.cli.menus import menu
from idp.cli.operators import operator
from idp.cli.registry import registry
from idp.cli.running import IdpGroup
from idp.cli.secret import secret
from idp.cli.services import service
from idp.cli.setup import init, serve, worker
from idp.cli.trust import trust

COMMANDS = (
    account, audit, case, client, company, import_, init, keys, linked, menu, operator, registry, secret, serve,
    service, trust, worker,
)  # fmt: skip


class WithDemo(IdpGroup):
    """The commands, and `idp demo`, whose programs are loaded only where it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted([*super().list_commands(ctx), "demo"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name != "demo":
            return super().get_command(ctx, cmd_name)
        try:
            from idp.cli.demo import demo
        except ImportError as error:
            return _missing_demo(error)
        return demo


def _missing_demo(error: ImportError) -> click.Command:
    def fail(**_: Any) -> None:
        raise click.ClickException(f"The demo is not installed here: {error}")

    return click.Command("demo", callback=fail, help="Run the demo (not installed here).")


@click.group(cls=WithDemo, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Set up, run and look after the identity provider.

    Settings come from IDP_… variables or the file named by IDP_SETTINGS_FILE (docs/settings.md).
    """


for command in COMMANDS:
    main.add_command(command)
