"""nginx on the same tree, as its documentation sets up precompressed static files."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.hosts import Process, find_free_port

if TYPE_CHECKING:
    from tests.contract.tree import Tree

_BROTLI: Final = "ngx_http_brotli_static_module.so"

# Where packages put dynamic modules, beside what "nginx -V" says.
_MODULES: Final = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")

_CONFIGURATION: Final = """
load_module {brotli};
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/nginx-error.log;
events {{}}
http {{
    include {types};
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    charset utf-8;
    charset_types text/css text/plain application/javascript;
    client_body_temp_path {root}/nginx-body;
    proxy_temp_path {root}/nginx-proxy;
    fastcgi_temp_path {root}/nginx-fastcgi;
    uwsgi_temp_path {root}/nginx-uwsgi;
    scgi_temp_path {root}/nginx-scgi;
    large_client_header_buffers 4 32k;
    if_modified_since before;
    gzip_static on;
    gzip_vary on;
    brotli_static on;
    server {{
        listen 127.0.0.1:{port};
        location /static/ {{
            alias {root}/static/;
            add_header Cache-Control "max-age=60, public";
            add_header Access-Control-Allow-Origin "*";
            add_header X-Content-Type-Options nosniff always;
        }}
    }}
}}
"""


def start_nginx(tree: Tree) -> Process:
    """Start nginx on a tree. Skips the test if it, its brotli module or its table of media types is not installed."""
    nginx = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
    if nginx is None:
        pytest.skip("nginx is not installed")
    port = find_free_port()
    values = {"brotli": _find_brotli(nginx), "types": _find_types(nginx), "root": tree.root, "port": port}
    path = f"{tree.root}/nginx.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(_CONFIGURATION.format(**values))
    command = [nginx, "-c", path, "-p", tree.root, "-e", f"{tree.root}/nginx-error.log"]
    return Process(command, port, f"{tree.root}/nginx.log", {})


def _find_brotli(nginx: str) -> str:
    built_in = _read_configure_argument(nginx, "modules-path")
    for folder in (*([built_in] if built_in else []), *_MODULES):
        for path in glob.glob(f"{folder}/{_BROTLI}"):
            return path
    pytest.skip(f"nginx has no {_BROTLI}")


def _find_types(nginx: str) -> str:
    configuration = _read_configure_argument(nginx, "conf-path") or "/etc/nginx/nginx.conf"
    path = os.path.join(os.path.dirname(configuration), "mime.types")
    if not os.path.isfile(path):
        pytest.skip(f"nginx has no {path}")
    return path


def _read_configure_argument(nginx: str, name: str) -> str | None:
    said = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=True).stderr
    for argument in said.split():
        if argument.startswith(f"--{name}="):
            return argument.partition("=")[2]
    return None
