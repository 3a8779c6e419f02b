"""Real proxies: haproxy and nginx from Debian, each on its own port."""

import asyncio
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from sage200_async.sandbox import Sandbox

_SYSTEM = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# A user's PATH may lack the folders of system programs.

HAPROXY = """
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout http-keep-alive {idle}
  timeout server {server}
  timeout queue {queue}
  retries 0
frontend front
  bind 127.0.0.1:{port}
  stick-table type ip size 1 store http_req_cnt
  http-request track-sc0 src
  {rules}
  default_backend back
backend back
  server sandbox 127.0.0.1:{backend_port} {options}
"""
DEFAULTS = {"idle": "20s", "server": "20s", "queue": "20s", "rules": "", "options": ""}

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  gzip_types application/json;
  gzip_proxied any;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{backend_port};
      {rules}
    }}
  }}
}}
"""


def program(name):
    """Return the path of a program, or skip the test."""
    path = shutil.which(name) or shutil.which(name, path=_SYSTEM)
    if path is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    return path


class Proxy:
    """A proxy process; it can be killed and started again."""

    def __init__(self, port, *command):
        self.port = port
        self._command = command
        self._process = None

    async def __aenter__(self):
        devnull = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=devnull, stderr=devnull
        )
        async with asyncio.timeout(20):
            while not await self._listens():
                assert self._process.returncode is None, "the proxy ended at once"
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_):
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _listens(self):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


class ProxiedRead:
    """Reads a thousand customers through a proxy."""

    def __init__(self, helpers, database, proxy):
        self._helpers = helpers
        self._database = database
        self._proxy = proxy
        self.clock = helpers.Clock()

    def run(self, body, behaviour=None, settings=None, **options):
        """Run *body* with a client, a sandbox and a proxy between them."""

        async def main():
            async with Sandbox(database=self._database, behaviour=behaviour) as sandbox:
                backend_port = sandbox.url.rpartition(":")[2]
                async with self._proxy(backend_port, **options) as proxy:
                    direct = sandbox.settings
                    base_url = direct.base_url.replace(
                        f":{backend_port}/", f":{proxy.port}/"
                    )
                    proxied = replace(
                        direct,
                        base_url=base_url,
                        trust_short_pages=True,  # faults are placed by numbers of pages
                        **settings or {},
                    )
                    async with self._helpers.Client(
                        proxied, clock=self.clock
                    ) as client:
                        return await body(client, sandbox, proxy)

        return asyncio.run(main())

    def read(self, script=(), **options):
        """Read all customers while the sandbox runs a script of faults."""

        async def body(client, sandbox, _):
            sandbox.faults = script
            keys = sandbox.store.keys("customers")
            result = await self._helpers.read(client, keys)
            result.requests = list(sandbox.requests)
            result.slept = self.clock.slept
            return result

        return self.run(body, **options)


@pytest.fixture
def haproxy(helpers, tmp_path, database):
    """Return a reader through haproxy."""

    def proxy(backend_port, **options):
        port = helpers.free_port()
        config = Path(tmp_path, "haproxy.cfg")
        config.write_text(
            HAPROXY.format(port=port, backend_port=backend_port, **DEFAULTS | options)
        )
        return Proxy(port, program("haproxy"), "-f", str(config))

    return ProxiedRead(helpers, database, proxy)


@pytest.fixture
def nginx(helpers, tmp_path, database):
    """Return a reader through nginx."""

    def proxy(backend_port, rules=""):
        port = helpers.free_port()
        values = {
            "port": port,
            "backend_port": backend_port,
            "rules": rules,
            "folder": tmp_path,
        }
        config = Path(tmp_path, "nginx.conf")
        config.write_text(NGINX.format(**values))
        log = str(tmp_path / "error.log")
        return Proxy(port, program("nginx"), "-e", log, "-c", str(config))

    return ProxiedRead(helpers, database, proxy)
