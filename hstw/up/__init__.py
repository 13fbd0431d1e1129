"""`make run`: everything the product needs, started in order and kept running until Ctrl-C.

Web server, workers and scheduler run as children of this process. Each has a log file in `home()/log`
and a pid file in `home()/run`, by which the next start finds what a killed one left behind.
"""

import sys

# Before any module that an older Python could not read.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"HSTW needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
