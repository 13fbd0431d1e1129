"""The first page: waited for, then announced with who can sign in."""

import http.client
import time
from collections.abc import Callable

from hstw import embedded
from hstw.up.prepare import has_demonstration, manage
from hstw.up.terminal import UpError, doing

OPEN_PATIENCE = 90  # seconds until the first page must answer


def wait_until_open(host: str, port: int, watch: Callable[[], None]) -> None:
    """Wait for the first page, then say where it is and who can sign in."""
    with doing("Waiting for the first page"):
        deadline = time.monotonic() + OPEN_PATIENCE
        while (answer := _health(host, port)) != "200":
            if time.monotonic() > deadline:
                raise UpError(
                    f"the web server does not answer well after {OPEN_PATIENCE} s ({answer}); "
                    f"see {embedded.log_folder() / 'web.log'}"
                )
            watch()
    print(f"\nHSTW is open at http://{shown(host)}:{port}", flush=True)
    if has_demonstration():
        for line in manage("demo", "--sign-ins", show=lambda line: ""):
            print(line, flush=True)
    print(f"Logs are in {embedded.log_folder()}. Ctrl-C stops everything.\n", flush=True)


def _health(host: str, port: int) -> str:
    """The status of /healthz, or why there is none."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"{shown(host)}:{port}"})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def shown(host: str) -> str:
    if host in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host}]" if ":" in host else host
