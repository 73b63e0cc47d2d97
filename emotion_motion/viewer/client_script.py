# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the page is told before viser's own program begins: to draw cheaply, and sharply.

Viser's page draws each update with antialiasing and, over all of the canvas, a background picture
that nobody has set; where a processor draws (no graphics card), these two are nearly half of the
work. And it takes 30 updates a second, drawn as they come, for a slow machine and lowers the
resolution, on fast machines too. No option of viser's server reaches any of the three.
"""

from __future__ import annotations

import functools
import gzip
from typing import Any

__all__ = ['SCRIPT', 'with_script']

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
