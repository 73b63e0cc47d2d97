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
import functools
import gzip
import http
import ipaddress
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from emotion_motion.exceptions import ConfigError

__all__ = ['HOST', 'PORT', 'make_server', 'refusal', 'SCRIPT', 'with_script']

# What the page is told before viser's own program begins: to draw cheaply, and sharply.
#
# Viser's page draws each update with antialiasing and, over all of the canvas, a background
# picture that nobody has set; where a processor draws (no graphics card), these two are nearly
# half of the work. And it takes 30 updates a second, drawn as they come, for a slow machine and
# lowers the resolution, on fast machines too. No option of viser's server reaches any of the
# three.

# The background is drawn by the one shader with these words; put beside the picture it costs
# nothing. Should viser word it otherwise, only the gain is lost.
SCRIPT = """<script>
(() => {
  const probe = document.createElement('canvas').getContext('webgl2');
  if (!probe) return;
  const told = probe.getExtension('WEBGL_debug_renderer_info');
  const name = String(probe.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : probe.RENDERER));
  probe.getExtension('WEBGL_lose_context')?.loseContext();
  const shaderSource = WebGL2RenderingContext.prototype.shaderSource;
  const place = 'gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);';
  WebGL2RenderingContext.prototype.shaderSource = function (shader, text) {
    const background = text.includes('vUv = uv;') && text.includes(place);
    const nowhere = 'gl_Position = vec4(2.0, 2.0, 2.0, 1.0);';
    shaderSource.call(this, shader, background ? text.replace(place, nowhere) : text);
  };
  if (/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name)) {
    const getContext = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, options) {
      const cheap = kind.startsWith('webgl') ? { ...options, antialias: false } : options;
      return getContext.call(this, kind, cheap);
    };
  } else if (!location.search.includes('fixedDpr')) {
    const asked = new URLSearchParams(location.search);
    asked.set('fixedDpr', Math.min(window.devicePixelRatio, 2));
    history.replaceState(null, '', '?' + asked);
  }
})();
</script>
"""


def with_script(response: Any) -> Any:
    """Return a response of viser's web server, with the script where it is the page.

    Args:
        response: websockets' Response, or None where a web socket is opened; changed in place.
    """
    if response is None or not response.headers.get('Content-Type', '').startswith('text/html'):
        return response
    packed = response.headers.get('Content-Encoding') == 'gzip'
    response.body = _put_in(response.body, packed)
    del response.headers['Content-Length']
    response.headers['Content-Length'] = str(len(response.body))
    return response


@functools.lru_cache(maxsize=2)
def _put_in(body: bytes, packed: bool) -> bytes:
    page = gzip.decompress(body) if packed else body
    page = page.replace(b'<head>', b'<head>\n' + SCRIPT.encode(), 1)
    return gzip.compress(page) if packed else page


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
