# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Who may see and steer the page."""

from collections.abc import Iterator
import gzip
import http.client
import socket
from typing import Any

import pytest

pytest.importorskip('viser')

from emotion_motion.exceptions import ConfigError
from emotion_motion.viewer.server import make_server, refusal, SCRIPT


@pytest.fixture(scope='module')
def server() -> Iterator[Any]:
    server = make_server(port=0)
    yield server
    server.stop()


def answer(server: Any, **headers: str) -> int:
    connection = http.client.HTTPConnection('127.0.0.1', server.get_port(), timeout=10)
    connection.request('GET', '/', headers={k.replace('_', '-'): v for k, v in headers.items()})
    return connection.getresponse().status


def knock(server: Any, origin: str) -> int:
    """Ask for the web socket as a page of `origin` would; return the status."""
    return answer(
        server,
        Origin=origin,
        Connection='Upgrade',
        Upgrade='websocket',
        Sec_WebSocket_Version='13',
        Sec_WebSocket_Key='MDEyMzQ1Njc4OTAxMjM0NQ==',
        Sec_WebSocket_Protocol='viser-v0',
    )


def test_page_is_served_to_this_machine(server: Any) -> None:
    assert answer(server) == 200
    assert knock(server, f'http://127.0.0.1:{server.get_port()}') == 101


@pytest.mark.parametrize('packed', [False, True])
def test_page_is_told_how_to_draw_before_viser_begins(server: Any, packed: bool) -> None:
    connection = http.client.HTTPConnection('127.0.0.1', server.get_port(), timeout=10)
    connection.request('GET', '/', headers={'Accept-Encoding': 'gzip' if packed else 'identity'})
    body = connection.getresponse().read()
    page = (gzip.decompress(body) if packed else body).decode()
    assert page.count(SCRIPT) == 1
    assert page.index('<script') == page.index(SCRIPT)


@pytest.mark.parametrize('origin', ['https://example.org', 'http://127.0.0.1:1', 'null'])
def test_page_of_another_site_may_not_steer(server: Any, origin: str) -> None:
    assert knock(server, origin) == 403


def test_name_of_another_site_that_leads_here_is_refused(server: Any) -> None:
    assert answer(server, Host=f'example.org:{server.get_port()}') == 403


def test_only_the_loopback_address_is_listened_on(server: Any) -> None:
    (address,) = {info[4][0] for info in socket.getaddrinfo(server.get_host(), server.get_port())}
    assert address == '127.0.0.1'


def test_no_tunnel_to_other_networks_can_be_asked_for(server: Any) -> None:
    assert server.request_share_url() is None


def test_other_networks_are_served_under_any_name_once_told_so() -> None:
    assert refusal({'Host': 'robot.local:8080'}, loopback=False) == ''
    other = {'Host': 'robot.local:8080', 'Origin': 'http://elsewhere'}
    assert 'elsewhere' in refusal(other, loopback=False)
    assert refusal({'Host': '[::1]:8080', 'Origin': 'http://[::1]:8080'}, loopback=True) == ''


def test_taken_port_gives_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        server = make_server(port=taken.getsockname()[1])
        assert server.get_port() != taken.getsockname()[1]
        server.stop()


@pytest.mark.parametrize(('host', 'port'), [('192.0.2.1', 0), ('127.0.0.1', 70000)])
def test_impossible_address_is_told(host: str, port: int) -> None:
    with pytest.raises(ConfigError, match='expected'):
        make_server(host, port)
