"""nginx, with the same sidecars: what there is to gain at most. One worker, as the others have."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from typing import Final

from benchmarks.contenders import PREFIX

NAME: Final = "nginx"

_BROTLI: Final = "ngx_http_brotli_static_module.so"

# The fields are those that the others send; the limits on a connection's requests and the look-ups are out of the way.
_CONFIGURATION: Final = """\
{modules}
{user}
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    types {{ text/css css; }}
    charset utf-8;
    charset_types text/css;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=1000;
    gzip_static on;
    gzip_vary on;
    {codings}
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location {prefix} {{
            alias {root}/;
            add_header Cache-Control "max-age=60, public";
            add_header Access-Control-Allow-Origin "*";
        }}
    }}
}}
"""


def version() -> str | None:
    """Return the version that is installed, or nothing if none is."""
    found = re.search(r"nginx/(\S+)", _describe())
    return found[1] if found else None


def make_command(root: str, directory: str, port: int) -> list[str]:
    """Return the command that serves ``root`` on a port of loopback. Its configuration is written to ``directory``."""
    brotli = _find_brotli()
    configuration = _CONFIGURATION.format(
        modules=f"load_module {brotli};" if brotli else "",
        # As root, the worker would be a user who may not read the temporary directory.
        user="" if os.geteuid() else f"user {pwd.getpwuid(0).pw_name};",
        codings="brotli_static on;" if brotli else "",
        directory=directory,
        port=port,
        prefix=PREFIX,
        root=root,
    )
    path = os.path.join(directory, "nginx.conf")
    with open(path, "w") as file:
        file.write(configuration)
    return ["nginx", "-p", directory, "-e", os.path.join(directory, "error.log"), "-c", path]


def _describe() -> str:
    if shutil.which("nginx") is None:
        return ""
    return subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=True).stderr


def _find_brotli() -> str | None:
    found = re.search(r"--modules-path=(\S+)", _describe())
    path = os.path.join(found[1], _BROTLI) if found else ""
    return path if os.path.exists(path) else None
