"""Proofs of credentials: who has seen one, and its scan. A line is a row of ``schools.CredentialEarned``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hstw import files
from pathways.models import CredentialProof
from schools.models import User


@transaction.atomic
def verify(entries: Iterable[Any], by: User, note: str = "") -> int:
    """Write down that ``by`` has seen the proof of these lines; those verified already stay as they are. How many."""
    number = 0
    for entry in entries:
        proof = _proof(entry)
        if proof.verified_at is None:
            proof.verified_by, proof.verified_at, proof.note = by, timezone.now(), note.strip()
            proof.save(update_fields=["verified_by", "verified_at", "note"])
            number += 1
    return number


@transaction.atomic
def withdraw(entry: Any) -> None:
    """Take a verification back."""
    proof = _proof(entry)
    proof.verified_by, proof.verified_at, proof.note = None, None, ""
    proof.save(update_fields=["verified_by", "verified_at", "note"])


@transaction.atomic
def attach(entry: Any, stream: IO[bytes], name: str, by: User) -> CredentialProof:
    """Keep a scan as the line's proof, in place of one that is there.

    Raises ``ValidationError`` for what is not a PDF, PNG or JPEG, whatever its name says, and for one too large.
    """
    start = stream.read(8)
    stream.seek(0)
    kind = next((ending for sign, ending in _SIGNS if start.startswith(sign)), "")
    ending = name.rpartition(".")[2].casefold()
    if not kind or ending not in _ENDINGS[kind]:
        words = _("%(name)s is not a PDF, PNG or JPEG file, or its name says another kind than it is.")
        raise ValidationError({"file": words % {"name": files.display_name(name)}})
    try:
        stored = files.store(stream, name, by)
    except files.FileTooLarge as error:
        raise ValidationError({"file": str(error)}) from error
    proof = _proof(entry)
    old, proof.file = proof.file, stored
    proof.save(update_fields=["file"])
    if old is not None:
        files.delete(old)
    return proof


_SIGNS = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
_ENDINGS = {"pdf": {"pdf"}, "png": {"png"}, "jpg": {"jpg", "jpeg"}}


def of(entry: Any) -> CredentialProof | None:
    """What is known of a line's proof."""
    return (
        CredentialProof.objects.filter(
            student=entry.student_id, credential_code=entry.credential_code, earned_on=entry.earned_on
        )
        .select_related("file", "verified_by")
        .first()
    )


def _proof(entry: Any) -> CredentialProof:
    proof, _created = CredentialProof.objects.select_for_update(of=("self",)).get_or_create(
        student_id=entry.student_id, credential_code=entry.credential_code, earned_on=entry.earned_on
    )
    found: CredentialProof = proof
    return found
