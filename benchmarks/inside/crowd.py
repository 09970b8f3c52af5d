"""Is a crowd of clients until the input ends: PORT IDLE_PATH IDLE SLOW_PATH SLOW. Prints how many are left of each.

An idle client asks once and then says nothing; a slow one reads its answer in small pieces.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from typing import Final

_RECEIVED: Final = 16 * 1024
_PIECE: Final = 4096
_PAUSE: Final = 0.1
_PATIENCE: Final = 5.0


def main(port: str, idle_path: str, idle_count: str, slow_path: str, slow_count: str) -> None:
    """Connect, say so, and stay."""
    idle = [_connect(int(port), idle_path, size=None) for _ in range(int(idle_count))]
    for client in idle:
        client.recv(64 * 1024)
        client.setblocking(False)
    slow = [_connect(int(port), slow_path, size=_RECEIVED) for _ in range(int(slow_count))]
    for client in slow:
        client.setblocking(False)
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        slow = [client for client in slow if _is_open(client)]
        time.sleep(_PAUSE)
    print(json.dumps({"idle": sum(map(_is_open, idle)), "slow": len(slow)}))


def _connect(port: int, path: str, size: int | None) -> socket.socket:
    client = socket.socket()
    client.settimeout(_PATIENCE)
    if size is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def _is_open(client: socket.socket) -> bool:
    """Read a piece, and return whether there may be more."""
    try:
        return bool(client.recv(_PIECE))
    except BlockingIOError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
