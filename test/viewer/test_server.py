# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Who may see and steer the page."""

from collections.abc import Iterator
import contextlib
import http.client
import socket
from typing import Any

import pytest

pytest.importorskip('viser')

from emotion_motion.exceptions import ConfigError
from emotion_motion.viewer import server as module
from emotion_motion.viewer.server import make_server, page_address, refusal, ServeOptions


@pytest.fixture(scope='module')
def server() -> Iterator[Any]:
    server = make_server(ServeOptions(port=0))
    yield server
    server.stop()


def status(server: Any, **headers: str) -> int:
    connection = http.client.HTTPConnection('127.0.0.1', server.get_port(), timeout=10)
    connection.request('GET', '/', headers={k.replace('_', '-'): v for k, v in headers.items()})
    return connection.getresponse().status


def web_socket_status(server: Any, origin: str) -> int:
    """Ask for the web socket as a page of `origin` would; return the status."""
    return status(
        server,
        Origin=origin,
        Connection='Upgrade',
        Upgrade='websocket',
        Sec_WebSocket_Version='13',
        Sec_WebSocket_Key='MDEyMzQ1Njc4OTAxMjM0NQ==',
        Sec_WebSocket_Protocol='viser-v0',
    )


def test_page_is_served_to_this_machine(server: Any) -> None:
    assert status(server) == 200
    assert web_socket_status(server, f'http://127.0.0.1:{server.get_port()}') == 101


@pytest.mark.parametrize('origin', ['https://example.org', 'http://127.0.0.1:1', 'null'])
def test_page_of_another_site_may_not_steer(server: Any, origin: str) -> None:
    assert web_socket_status(server, origin) == 403


def test_name_of_another_site_that_leads_here_is_refused(server: Any) -> None:
    assert status(server, Host=f'example.org:{server.get_port()}') == 403


def test_nothing_is_served_where_requests_go_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    unchecked = lambda **_: contextlib.nullcontext()  # noqa: E731
    monkeypatch.setattr(module, '_checked_requests', unchecked)
    with pytest.raises(ConfigError, match='install another version'):
        make_server(ServeOptions(port=0))


def test_only_the_loopback_address_is_listened_on(server: Any) -> None:
    (address,) = {info[4][0] for info in socket.getaddrinfo(server.get_host(), server.get_port())}
    assert address == '127.0.0.1' == ServeOptions().host


def test_no_tunnel_to_other_networks_can_be_asked_for(server: Any) -> None:
    assert server.request_share_url() is None


def test_other_networks_are_served_under_any_name_once_opened() -> None:
    assert refusal({'Host': 'robot.local:8080'}, loopback=False) == ''
    for loopback in (True, False):
        assert 'evil' in refusal({'Host': 'evil@localhost:8080'}, loopback=loopback)
    other = {'Host': 'robot.local:8080', 'Origin': 'http://elsewhere'}
    assert 'elsewhere' in refusal(other, loopback=False)
    assert refusal({'Host': '[::1]:8080', 'Origin': 'http://[::1]:8080'}, loopback=True) == ''


def test_taken_port_gives_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        server = make_server(ServeOptions(port=taken.getsockname()[1]))
        assert server.get_port() != taken.getsockname()[1]
        server.stop()


@pytest.mark.parametrize(('host', 'port'), [('192.0.2.1', 0), ('127.0.0.1', 70000)])
def test_impossible_address_is_named(host: str, port: int) -> None:
    with pytest.raises(ConfigError, match='expected'):
        make_server(ServeOptions(host=host, port=port))


def test_address_can_be_opened_on_this_machine() -> None:
    addresses = [page_address(host, 1) for host in ('127.0.0.1', '0.0.0.0', '::')]
    assert addresses == ['http://127.0.0.1:1', 'http://127.0.0.1:1', 'http://[::1]:1']
