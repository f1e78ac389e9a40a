"""The way out of a unit for an alert: a command, a web hook or a mail. It says that something waits, and nothing else.

Whoever reads the message on the way learns the unit, the number of alerts that wait, and no content, case or person.
"""

import json
import smtplib
import subprocess
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from types import MappingProxyType
from urllib.parse import urlsplit

import httpx

from nodes.errors import NodeError
from nodes.settings import NodeSettings

PATIENCE = 20
"""Seconds that a channel may take."""


class ChannelFailed(NodeError):
    """The alert did not leave; it is tried again."""

    code = "EX-6040"


def configured(settings: NodeSettings) -> bool:
    """Return whether any channel is set."""
    return bool(settings.alert_command or settings.alert_webhook or settings.alert_smtp)


def send(settings: NodeSettings, count: int) -> None:
    """Say on every configured channel that `count` alerts wait; raises `ChannelFailed` if one did not take it."""
    failed = [name for name, (is_set, act) in _CHANNELS.items() if is_set(settings) and not _done(act, settings, count)]
    if failed:
        raise ChannelFailed(", ".join(failed))


def text(settings: NodeSettings, count: int) -> str:
    """Return the one line that leaves."""
    return f"Serai {settings.unit} ({settings.env}): urgent message waiting ({count})"


def _done(act: Callable[[NodeSettings, int], None], settings: NodeSettings, count: int) -> bool:
    try:
        act(settings, count)
    except (OSError, subprocess.SubprocessError, httpx.HTTPError, smtplib.SMTPException):
        return False
    return True


def _command(settings: NodeSettings, count: int) -> None:
    """Run the operator's program (an SMS modem, a siren) with the line on its standard input."""
    subprocess.run(  # noqa: S603 - the operator's own setting, no shell, no content in it
        settings.alert_command,
        input=text(settings, count).encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )


def _webhook(settings: NodeSettings, count: int) -> None:
    body = {"unit": settings.unit, "env": settings.env, "alert": "URGENT_MESSAGE_WAITING", "count": count}
    with httpx.Client(timeout=PATIENCE, trust_env=False, follow_redirects=False) as client:
        answer = client.post(
            settings.alert_webhook, content=json.dumps(body), headers={"content-type": "application/json"}
        )
        answer.raise_for_status()


def _mail(settings: NodeSettings, count: int) -> None:
    server = urlsplit(settings.alert_smtp)
    message = EmailMessage()
    message["Subject"] = text(settings, count)
    message["From"] = settings.alert_sender
    message["To"] = ", ".join(settings.alert_recipients)
    message.set_content(text(settings, count) + "\n")
    with smtplib.SMTP(server.hostname or "", server.port or 25, "localhost", PATIENCE) as smtp:
        if server.scheme == "smtp+starttls":
            smtp.starttls()
        smtp.send_message(message)


_CHANNELS: Mapping[str, tuple[Callable[[NodeSettings], bool], Callable[[NodeSettings, int], None]]] = MappingProxyType(
    {
        "command": (lambda settings: bool(settings.alert_command), _command),
        "webhook": (lambda settings: bool(settings.alert_webhook), _webhook),
        "mail": (lambda settings: bool(settings.alert_smtp), _mail),
    }
)
