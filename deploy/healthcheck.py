"""Exit 0 when the web server in this container answers ``/healthz``; used by Docker's HEALTHCHECK."""

import os
import sys
from http.client import HTTPConnection, HTTPException

# The application answers only to its own names.
host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".").replace("*", "") or "localhost"
try:
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("BIND", ":8000").rsplit(":", 1)[1]), timeout=4)
    connection.request("GET", "/healthz", headers={"Host": host})
    status = connection.getresponse().status
except (OSError, HTTPException) as error:
    sys.exit(f"no answer: {error}")
if status != 200:
    sys.exit(f"status {status}")
