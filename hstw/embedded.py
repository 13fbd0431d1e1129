# temporary, not committed: the shared development servers, one database per worktree
import os
from pathlib import Path
_NAME = Path(__file__).resolve().parent.parent.name
_NUMBER = {"main": 0, "look": 1, "people": 2, "demo": 3, "drafts": 4, "ops": 5, "embedded": 6}.get(_NAME, 9)
def home(): return Path("/tmp/hstw-dev/home-" + _NAME)
def local_secret_key(): return "x" * 60
def database(role="app"): return dict(NAME="hstw_" + _NAME, USER="hstw_" + role, PASSWORD="", HOST="/tmp/hstw-dev/run", PORT="")
def redis_url(): return f"unix:///tmp/hstw-dev/run/valkey.sock?db={_NUMBER}"
