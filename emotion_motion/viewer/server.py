# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The web server of the page: on this machine alone unless told otherwise, and for no other page.

A page steers what may be a robot. So beside the address that it listens on, each request is looked
at: a page of another site, open in the same browser, could else speak to it as well, directly or
under a name of its own that leads here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import contextlib
import errno
import http
import ipaddress
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from emotion_motion.exceptions import ConfigError
from emotion_motion.viewer.client_script import with_script

__all__ = ['HOST', 'PORT', 'make_server', 'refusal']

HOST, PORT = '127.0.0.1', 8080
_INSTALL = "pip install 'emotion_motion[viewer]'"


def make_server(host: str = HOST, port: int = PORT, label: str = 'emotion_motion') -> Any:
    """Start the web server.

    Args:
        host: address to listen on; 0.0.0.0 is every one that this machine has.
        port: the first to try; where it is taken, the next free one. 0: any.
        label: title of the panel.

    Returns:
        A viser.ViserServer.

    Raises:
        ConfigError: viser is not installed, or the address is none of this machine.
    """
    try:
        import viser
    except ImportError as error:
        raise ConfigError(
            f'could not import viser ({error}), which shows the page; install it: {_INSTALL}'
        ) from error
    _check_address(host, port)

    class PageServer(viser.ViserServer):
        """Offers no tunnel: what is said in the page stays on the network that was chosen."""

        def request_share_url(self, verbose: bool = True) -> str | None:
            return None

        def stop(self) -> None:
            with _quiet():
                super().stop()

    with _guarded(loopback=_is_loopback(host)), _quiet():
        return PageServer(host=host, port=port, label=label, verbose=False)


def refusal(headers: Mapping[str, str], *, loopback: bool) -> str:
    """Say why a request is refused; '' where it is not.

    Args:
        headers: of the request.
        loopback: whether only this machine is served.
    """
    host = headers.get('Host', '')
    if loopback and not _is_loopback(urlsplit(f'//{host}').hostname or ''):
        return f'this page is served to this machine alone, not as {host!r}'
    origin = headers.get('Origin')
    if origin is not None and urlsplit(origin).netloc != host:
        return f'pages of {origin!r} may not speak to this one'
    return ''


def _is_loopback(host: str) -> bool:
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_address(host: str, port: int) -> None:
    """Raise ConfigError where nobody can listen there, which viser would try for ever."""
    if not 0 <= port <= 65535:
        raise ConfigError(f'got the port {port}; expected 0 to 65535 (0: any free one)')
    try:
        kind, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return  # the next one is tried
        raise ConfigError(
            f'cannot listen on {host!r}, port {port} ({error.strerror or error}); expected an '
            f'address of this machine, such as {HOST} (itself alone) or 0.0.0.0 (all networks), '
            f'and a port above 1023'
        ) from error


@contextlib.contextmanager
def _guarded(*, loopback: bool) -> Iterator[None]:
    """Let the server that starts meanwhile look at each request, and add to its page.

    Viser has no option for either.
    """
    import websockets.asyncio.server as module

    plain = module.serve

    def serve(handler: Any, host: Any, port: Any, *, process_request: Any, **rest: Any) -> Any:
        def checked(connection: Any, request: Any) -> Any:
            reason = refusal(request.headers, loopback=loopback)
            if reason:
                return connection.respond(http.HTTPStatus.FORBIDDEN, reason + '\n')
            return with_script(process_request(connection, request))

        return plain(handler, host, port, process_request=checked, **rest)

    module.serve = serve  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        module.serve = plain  # type: ignore[misc]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep viser from printing a table of addresses; the page's address is told elsewhere."""
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        yield
