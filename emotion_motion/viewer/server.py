# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The web server of the page: by default for this machine alone, and never for another page.

A page steers what may be a robot. A page of another site that is open in the same browser could
reach the server too, directly or under a name of its own that leads to this machine. So the
server checks the host and the origin of each request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import contextlib
from dataclasses import dataclass
import errno
import http
import http.client
import ipaddress
import os
from pathlib import Path
import socket
from typing import Any
from urllib.parse import urlsplit

from emotion_motion.exceptions import ConfigError
from emotion_motion.settings import Checked, setting

HOST = '127.0.0.1'
_INSTALL = "pip install '.[viewer]' in the source folder"
_CHECK_LIMIT_S = 30.0


@dataclass(frozen=True)
class ServeOptions(Checked):
    """How a page is served."""

    host: str = setting(
        HOST, 'address to listen on; 127.0.0.1 is this machine alone, 0.0.0.0 every network'
    )
    port: int = setting(
        8080, 'the first to try, the next free one where it is taken; 0: any', 0, 65535
    )
    browser: bool = setting(False, 'open a browser where there is one')
    light: bool = setting(False, 'begin with a light page; it can be switched in the page')
    record_dir: Path = setting(Path(), 'folder that recordings are written to')
    seconds: float | None = setting(
        None, 'end after so long; by default when interrupted [s]', 0.0, above=True
    )
    updates_hz: float = setting(
        30.0, 'how often the page is brought up to date; fewer for a slow browser [Hz]', 0.1, 240.0
    )


def make_server(options: ServeOptions) -> Any:
    """Start the web server, a viser.ViserServer.

    Raises:
        ConfigError: viser is not installed, the address is none of this machine, or this version
            of viser does not let requests be checked.
    """
    try:
        import viser
    except ImportError as error:
        raise ConfigError(
            f'could not import viser ({error}), which shows the page; install it: {_INSTALL}'
        ) from error
    host = options.host
    _check_address(host, options.port)

    class PageServer(viser.ViserServer):
        """Offers no tunnel: what is said in the page stays on the network that was chosen."""

        def request_share_url(self, verbose: bool = True) -> str | None:
            return None

        def stop(self) -> None:
            with _quiet():
                super().stop()

    with _checked_requests(loopback=_is_loopback(host)), _quiet():
        server = PageServer(host=host, port=options.port, label='emotion_motion', verbose=False)
    try:
        _check_refusal(host, server.get_port())
    except ConfigError:
        server.stop()
        raise
    return server


def refusal(headers: Mapping[str, str], *, loopback: bool) -> str:
    """Say why a request is refused; '' where it is not.

    With `loopback` only this machine is served.
    """
    host = headers.get('Host', '')
    # A host has no user: of evil@localhost a browser and urlsplit would see another host.
    if '@' in host or (loopback and not _is_loopback(urlsplit(f'//{host}').hostname or '')):
        return f'this page is served to this machine alone, not as {host!r}'
    origin = headers.get('Origin')
    if origin is not None and urlsplit(origin).netloc != host:
        return f'pages of {origin!r} may not speak to this one'
    return ''


@contextlib.contextmanager
def _checked_requests(*, loopback: bool) -> Iterator[None]:
    """Let the server that starts meanwhile check each request; viser has no option for it.

    A proxy in front of viser would need a second port, which a page of another site could find
    and speak to past the proxy.
    """
    import websockets.asyncio.server as module

    serve = module.serve

    def checked_serve(*args: Any, process_request: Any = None, **kwargs: Any) -> Any:
        def process(connection: Any, request: Any) -> Any:
            reason = refusal(request.headers, loopback=loopback)
            if reason:
                return connection.respond(http.HTTPStatus.FORBIDDEN, reason + '\n')
            return process_request(connection, request)

        return serve(*args, process_request=process, **kwargs)

    module.serve = checked_serve  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        module.serve = serve  # type: ignore[misc]


def _check_refusal(host: str, port: int) -> None:
    """Raise ConfigError unless a page of another site is refused.

    Should a version of viser start its server in another way, nothing is served at all.
    """
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=_CHECK_LIMIT_S)
    try:
        connection.request('GET', '/', headers={'Origin': 'http://another.invalid'})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ConfigError(
            f'the server of the page does not answer at {host!r}, port {port} ({error})'
        ) from error
    finally:
        connection.close()
    if status != http.HTTPStatus.FORBIDDEN:
        raise ConfigError(
            f'this version of viser lets pages of other sites speak to the page (status {status}, '
            f'expected 403); install another version: {_INSTALL}'
        )


def _reachable(host: str) -> str:
    """Return the address by which this machine reaches a server that listens on `host`."""
    return {'0.0.0.0': HOST, '': HOST, '::': '::1'}.get(host, host)


def page_address(host: str, port: int) -> str:
    name = _reachable(host)
    return f'http://[{name}]:{port}' if ':' in name else f'http://{name}:{port}'


def _is_loopback(host: str) -> bool:
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_address(host: str, port: int) -> None:
    """Raise ConfigError where nobody can listen there, which viser would try for ever."""
    try:
        kind, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return  # the next one is tried
        raise ConfigError(
            f'cannot listen on {host!r}, port {port} ({error}); expected an address of this '
            f'machine, such as {HOST} (itself alone) or 0.0.0.0 (all networks), and a port above '
            f'1023, or 0 for any'
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep viser from printing a table of addresses; `serve` prints the one of the page."""
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        yield
