"""Runs one ASGI application until it is told to stop: uvicorn on uvloop and httptools, five seconds for what runs.

It must not know which application. Logs are the application's own; uvicorn's access log would only repeat them.
"""

import ssl
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvicorn

from exchange.proxying import BehindProxy, networks
from serai.output import CommandError

GRACE_SECONDS: Final = 5
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", help="Port to listen on.", min=0, max=65_535)]
CertificateOption = Annotated[
    Path | None, typer.Option("--tls-certificate", help="PEM file: certificate and its chain.")
]
KeyOption = Annotated[Path | None, typer.Option("--tls-key", help="PEM file: private key, owner-only.")]
ClientsOption = Annotated[
    Path | None, typer.Option("--tls-clients", help="PEM file: only clients with a certificate of these issuers.")
]
PlainOption = Annotated[bool, typer.Option("--behind-proxy", help="Plain HTTP: a TLS proxy stands in front.")]
ProxiesOption = Annotated[
    list[str],
    typer.Option("--proxy", help="Address or network of a proxy that is believed about clients; repeat it for more."),
]
EofOption = Annotated[bool, typer.Option("--stop-at-eof", help="Stop when standard input closes.", hidden=True)]


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen and how: without a certificate only on loopback, or behind a proxy that does TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    clients: Path | None = None
    behind_proxy: bool = False
    stop_at_eof: bool = False
    proxies: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise CommandError for a combination that would send anything in the clear over a network."""
        try:
            networks(self.proxies)
        except ValueError as error:
            raise CommandError("SERAI-PROXY", "--proxy takes an address or a network, such as 10.0.0.0/8.") from error
        if (self.certificate is None) != (self.key is None):
            raise CommandError("SERAI-TLS", "A certificate needs its key, and a key its certificate.")
        if self.clients is not None and self.certificate is None:
            raise CommandError("SERAI-TLS", "Client certificates need a certificate of our own.")
        if self.certificate is None and self.host not in LOOPBACK and not self.behind_proxy:
            raise CommandError(
                "SERAI-TLS",
                f"Plain HTTP on {self.host} would show who talks to whom.",
                todo="Give --tls-certificate and --tls-key, or --behind-proxy if a TLS proxy stands in front.",
            )


def serve(app: Any, listen: Listen) -> None:
    """Serve `app` until SIGTERM, SIGINT or (`stop_at_eof`) the end of standard input; then give it five seconds."""
    listen.check()
    clients = ssl.CERT_REQUIRED if listen.clients else ssl.CERT_NONE
    server = uvicorn.Server(
        uvicorn.Config(
            BehindProxy(app, networks(listen.proxies)),
            host=listen.host,
            port=listen.port,
            loop="uvloop",
            http="httptools",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=listen.certificate,
            ssl_keyfile=listen.key,
            ssl_ca_certs=str(listen.clients) if listen.clients else None,
            ssl_cert_reqs=clients,
        )
    )
    if listen.stop_at_eof:
        threading.Thread(target=_stop_at_eof, args=[server], name="stop-at-eof", daemon=True).start()
    server.run()


def _stop_at_eof(server: uvicorn.Server) -> None:
    """Wait for the process that started us to close our input, as its end does, and stop."""
    while sys.stdin.buffer.read(1):
        pass
    server.should_exit = True
