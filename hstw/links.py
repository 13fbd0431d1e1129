"""Signed links that expire: what goes out by mail can be neither guessed nor altered nor put to other use.

A link is signed for one purpose, which is part of the salt: a link of one kind is worthless as another.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core import signing


class BrokenLink(Exception):
    """The link was altered, cut off by a mail program, or made for something else."""


class ExpiredLink(BrokenLink):
    """The link was ours, and its time is over."""


def sign(purpose: str, value: Any) -> str:
    """A token for a URL that carries ``value`` (anything that JSON can hold) and the time of signing."""
    return signing.dumps(value, salt=_salt(purpose))


def read(purpose: str, token: str, *, valid_for: dt.timedelta) -> Any:
    """The value that was signed; :class:`ExpiredLink` or :class:`BrokenLink` where there is none to trust."""
    try:
        return signing.loads(token, salt=_salt(purpose), max_age=valid_for)
    except signing.SignatureExpired as error:
        raise ExpiredLink from error
    except (signing.BadSignature, ValueError) as error:
        raise BrokenLink from error


def _salt(purpose: str) -> str:
    return f"hstw.links.{purpose}"
