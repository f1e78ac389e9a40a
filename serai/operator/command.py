"""`serai operator`: the pages of a hub's operator on loopback, and who may look at them."""

import time
from enum import StrEnum
from logging import INFO
from pathlib import Path
from typing import Annotated, Final

import typer

from exchange.hub.settings import HubSettings
from exchange.service import configure_logging
from nodes import passwords
from serai.homes import HubHome
from serai.operator.accounts import Accounts, Role
from serai.operator.pages import create_app
from serai.output import CommandError, Exit, JsonFlag, Report, note, show
from serai.passphrases import passphrase
from serai.serving import EofOption, Listen, PortOption, serve

app = typer.Typer(help="The pages of a hub's operator.", no_args_is_help=True, rich_markup_mode=None)

HERE: Final = "127.0.0.1"


class Part(StrEnum):
    """What somebody looks after at a hub."""

    OPERATOR = "operator"
    AUDITOR = "auditor"


ROLES: Final = {Part.OPERATOR: Role.OPERATOR, Part.AUDITOR: Role.AUDITOR}


@app.command("serve")
def serve_pages(home: HubHome, port: PortOption = 8441, *, stop_at_eof: EofOption = False) -> None:
    """Show the pages on 127.0.0.1 alone: another desk reaches them through SSH. No key and no passphrase is needed."""
    HubSettings.read(home)
    configure_logging(INFO)
    serve(create_app(home, lambda: int(time.time())), Listen(HERE, port, stop_at_eof=stop_at_eof))


@app.command("add")
def add(
    home: HubHome,
    name: Annotated[str, typer.Argument(help="Name that the person signs in with.")],
    part: Annotated[
        Part, typer.Option("--role", help="What is shown: everything, or the log, its witnesses and anchors.")
    ] = Part.OPERATOR,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="Owner-only file with the password; asked for if left out.")
    ] = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Let somebody look, or give him a new password and a new secret for one-time codes, which is printed once."""
    settings, role = HubSettings.read(home), ROLES[part]
    password = passphrase(password_file, None, "password of the person", new=True, option="--password-file")
    secret = Accounts(home).put(name, role, password)
    note("Put the secret into the person's authenticator app now: it is not shown again.")
    uri = passwords.totp_uri(passwords.totp_secret(secret), name, settings.name)
    members = {"name": name, "role": role.value, "secret": secret, "uri": uri}
    show(Report("operator-add", members, lines=[f"{key}\t{value}" for key, value in members.items()]), as_json=as_json)


@app.command("remove")
def remove(
    home: HubHome, name: Annotated[str, typer.Argument(help="Name of the person.")], *, as_json: JsonFlag = False
) -> None:
    """Let somebody look no longer."""
    if not Accounts(home).remove(name):
        raise CommandError("SERAI-OPERATOR", f"There is no {name} here.", status=Exit.CONFLICT)
    show(Report("operator-remove", {"name": name}, lines=[f"{name} removed"]), as_json=as_json)
