"""The product's own PostgreSQL and Valkey, found or started.

Both come as programs inside wheels, so that a new machine needs nothing but Python. They listen on unix
sockets only, in a directory nobody else can enter. With `DATABASE_URL` or `REDIS_URL` set, that server is
left alone here.

Nothing in this package imports Django: `manage.py` and the settings call it before Django is set up.
`docs/decisions/0001-embedded-servers.md` says why the wheels' own start-up code is not used.

`places` says where everything is, `lifetime` has the servers running while somebody uses them; below it
`postgres` and `valkey` know one server each, and `accounts`, `programs`, `processes` and `locks` what both
need of the system.
"""

from hstw.embedded.lifetime import servers
from hstw.embedded.places import (
    PROJECT,
    database,
    home,
    local_secret_key,
    log_folder,
    postgres_version,
    private_file,
    redis_url,
    run_folder,
    sockets,
)
from hstw.embedded.processes import has_ended
from hstw.embedded.words import EmbeddedError, Say

__all__ = [
    "PROJECT",
    "EmbeddedError",
    "Say",
    "database",
    "has_ended",
    "home",
    "local_secret_key",
    "log_folder",
    "postgres_version",
    "private_file",
    "redis_url",
    "run_folder",
    "servers",
    "sockets",
]
