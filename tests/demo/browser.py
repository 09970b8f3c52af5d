"""Chromium without a window, driven over its DevTools protocol: a WebSocket (RFC 6455) with JSON in it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BINARY: Final = shutil.which("chromium")

_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
)

_TIMEOUT: Final = 60.0
"""Seconds until something that was waited for counts as never to come."""

_TEXT: Final = 0x1
_CLOSE: Final = 0x8
_PING: Final = 0x9
_PONG: Final = 0xA


class Event(NamedTuple):
    """Something that happened in the browser, as the protocol names it: ``Network.responseReceived``, say."""

    method: str
    params: dict[str, Any]


class Page:
    """A tab. ``events`` are those since the last ``open`` or ``reload``, in their order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last_id = 0
        self.events: list[Event] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._last_id += 1
        self._connection.send(json.dumps({"id": self._last_id, "method": method, "params": params}))
        while True:
            message = self._receive(_TIMEOUT)
            if message.get("id") == self._last_id:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result

    def open(self, url: str) -> None:
        """Go to a URL and wait until the page has loaded."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for(lambda: self.has("Page.loadEventFired"), "the page to load")

    def reload(self) -> None:
        """Do what the reload button does, and wait."""
        self.events.clear()
        self.call("Page.reload")
        self.wait_for(lambda: self.has("Page.loadEventFired"), "the page to load")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page; of a promise, what it is kept with."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def has(self, method: str) -> bool:
        """Return whether there was such an event."""
        return any(event.method == method for event in self.events)

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Take in events until ``condition`` holds. Raises ``TimeoutError`` after a minute."""
        deadline = time.monotonic() + _TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for {what}")
            with contextlib.suppress(TimeoutError):
                self._receive(0.1)

    def responses(self, *, below: str = "") -> list[dict[str, Any]]:
        """Return the responses whose URL begins with ``below``."""
        received = [event.params["response"] for event in self.events if event.method == "Network.responseReceived"]
        return [response for response in received if response["url"].startswith(below)]

    def complaints(self) -> list[str]:
        """Return what a developer would see in red: errors, warnings and failed requests."""
        found = []
        for method, params in self.events:
            if method == "Runtime.exceptionThrown":
                found.append(f"exception: {params['exceptionDetails']}")
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(f"console: {params['args']}")
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(f"log: {params['entry']['text']} {params['entry'].get('url', '')}")
            elif method == "Network.loadingFailed" and not params.get("canceled"):
                found.append(f"failed: {params}")
        found += [f"{each['status']}: {each['url']}" for each in self.responses() if each["status"] >= 400]
        return found

    def screenshot(self, path: Path) -> None:
        """Write a picture of the whole page, as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _receive(self, timeout: float) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._connection.receive(timeout))
        if "method" in message:
            self.events.append(Event(message["method"], message["params"]))
        return message


@contextmanager
def open_browser(profile: Path) -> Iterator[Page]:
    """Start Chromium with a new profile in the directory ``profile``, and yield its one tab."""
    assert BINARY is not None
    with (profile / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [BINARY, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=log,
            stderr=log,
            env=_environment(profile),
        )
        try:
            with Connection(_debugger_url(profile, process)) as connection:
                page = Page(connection)
                yield page
                with contextlib.suppress(RuntimeError, ConnectionError, TimeoutError):
                    page.call("Browser.close")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        finally:
            process.kill()
            process.wait()


class Connection:
    """A client's side of a WebSocket: text goes out whole, text comes in."""

    def __init__(self, url: str) -> None:
        host, _, port = urlsplit(url).netloc.partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=_TIMEOUT)
        self._unread = b""
        request = (
            f"GET {urlsplit(url).path} HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            "\r\n",
        )
        self._socket.sendall("\r\n".join(request).encode())
        while b"\r\n\r\n" not in self._unread:
            self._read_more()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        if b" 101 " not in head.splitlines()[0]:
            raise ConnectionError(head.decode("latin-1"))

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._socket.close()

    def send(self, text: str) -> None:
        """Send a message."""
        self._send(_TEXT, text.encode())

    def receive(self, timeout: float) -> str:
        """Return the next message. Raises ``TimeoutError`` if none begins within ``timeout`` seconds."""
        content = b""
        while True:
            is_final, opcode, payload = self._receive_frame(timeout)
            if opcode == _PING:
                self._send(_PONG, payload)
            elif opcode == _CLOSE:
                raise ConnectionError("the browser has closed the connection")
            elif opcode != _PONG:
                content += payload
                if is_final:
                    return content.decode()

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        # "A client MUST mask all frames that it sends to the server" (5.1).
        if size < 126:
            head = bytes((0x80 | opcode, 0x80 | size))
        elif size < 1 << 16:
            head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
        mask = secrets.token_bytes(4)
        masked = bytes(octet ^ mask[index % 4] for index, octet in enumerate(payload))
        self._socket.sendall(head + mask + masked)

    def _receive_frame(self, timeout: float) -> tuple[bool, int, bytes]:
        if not self._unread:
            self._socket.settimeout(timeout)
            self._read_more()
        self._socket.settimeout(_TIMEOUT)
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self._take(2), "big")
        elif size == 127:
            size = int.from_bytes(self._take(8), "big")
        return bool(first & 0x80), first & 0x0F, self._take(size)

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._read_more()
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def _read_more(self) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the browser has gone")
        self._unread += data


def _debugger_url(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the WebSocket URL of the first tab, once Chromium has written its port into the profile."""
    deadline = time.monotonic() + _TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        # The file is first not there, then empty.
        with contextlib.suppress(OSError, ValueError):
            port = int((profile / "DevToolsActivePort").read_text().partition("\n")[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                url = _first_tab(answer)
            if url is not None:
                return url
        time.sleep(0.05)
    raise RuntimeError(f"Chromium did not start: {(profile / 'chromium.log').read_text(errors='replace')[-2000:]}")


def _first_tab(answer: BinaryIO) -> str | None:
    for target in json.load(answer):
        if target["type"] == "page":
            return str(target["webSocketDebuggerUrl"])
    return None


def _environment(profile: Path) -> dict[str, str]:
    # No proxy between the browser and the demo, and nothing of its own in the user's home.
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"HOME": str(profile), "XDG_CONFIG_HOME": str(profile), "XDG_CACHE_HOME": str(profile)}
