"""A backup brings everything back, and a file that is not what was written brings nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings
from psycopg import sql

from hstw.backups import BackupError, backup, restore
from hstw.models import OutgoingMail
from tests import factories

in_database = pytest.mark.django_db(transaction=True)
EMPTY = "hstw_test_empty"


def parameters(database: str) -> dict[str, Any]:
    """As the owner, to one database."""
    return {**connection.settings_dict, **settings.DATABASE_OWNER, "NAME": database}


def alias(name: str, database: str) -> str:
    connections.settings[name] = parameters(database)
    return name


def _connected(database: str, **options: Any) -> psycopg.Connection[Any]:
    known = parameters(database)
    return psycopg.connect(
        host=known["HOST"],
        port=known["PORT"],
        user=known["USER"],
        password=known["PASSWORD"],
        dbname=database,
        **options,
    )


def ask(database: str, query: str) -> list[tuple[Any, ...]]:
    """One question as the owner, past everything of the product's own code."""
    with _connected(database) as session:
        return session.execute(query).fetchall()


def state_of(database: str) -> dict[str, tuple[Any, ...]]:
    """Rows, and the MD5 of all rows in order, of every table."""
    names = ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    query = "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{}\" t"
    return {name: ask(database, query.format(name))[0] for (name,) in names}


def truncate_as_tests_do(using: str) -> None:
    """Tests may empty tables (tests/conftest.py); no backup holds that right."""
    role = settings.DATABASE_APPLICATION["USER"]
    with _connected(str(connections.settings[using]["NAME"])) as session:
        session.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {role}")


@pytest.fixture
def source() -> Iterator[str]:
    """The test's database, as the owner."""
    yield alias("source", connection.settings_dict["NAME"])
    connections["source"].close()
    del connections.settings["source"]


@pytest.fixture
def empty() -> Iterator[str]:
    """A database with nothing in it."""
    name = f"{connection.settings_dict['NAME']}_{EMPTY}"
    with _connected("postgres", autocommit=True) as session:
        session.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield alias("empty", name)
        connections["empty"].close()
        del connections.settings["empty"]
        session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """A media directory with two files, one below a folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    (settings.MEDIA_ROOT / "2026").mkdir(parents=True)
    (settings.MEDIA_ROOT / "2026" / "plan é.pdf").write_bytes(b"%PDF" + bytes(range(256)))
    (settings.MEDIA_ROOT / "empty.txt").write_bytes(b"")
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def world(media: Path) -> factories.World:
    """Organizations, people, students and the history of a change."""
    made = factories.make_world()
    factories.person("principal", made.ridge, email="ada@example.org")
    factories.enrollment(made.ridge, 2026)
    made.ridge.name = "Cahaba “Ridge” – Hóuse"
    made.ridge.save()
    return made


@pytest.fixture
def file(tmp_path: Path, world: factories.World, source: str) -> Path:
    backup(tmp_path / "backup.tar", using=source)
    return tmp_path / "backup.tar"


def database_of(using: str) -> str:
    return str(connections.settings[using]["NAME"])


@in_database
def test_every_table_comes_back(file: Path, source: str, empty: str, media: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = media.parent / "elsewhere"
    assert restore(file, using=empty) == []
    before, after = state_of(database_of(source)), state_of(database_of(empty))
    assert before == after
    assert before["schools_organization"][0] == 11
    assert before["schools_organizationevent"][0] >= 12
    assert {name for name in before if before[name][0]} >= {"schools_user", "schools_student", "django_migrations"}


@in_database
def test_uploaded_files_come_back(file: Path, empty: str, media: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = media.parent / "elsewhere"
    restore(file, using=empty)
    found = {
        p.relative_to(settings.MEDIA_ROOT).as_posix(): p.read_bytes()
        for p in settings.MEDIA_ROOT.rglob("*")
        if p.is_file()
    }
    assert found == {"2026/plan é.pdf": b"%PDF" + bytes(range(256)), "empty.txt": b""}


@pytest.fixture
def restored(file: Path, empty: str, media: Path, settings: Any) -> str:
    settings.MEDIA_ROOT = media.parent / "elsewhere"
    restore(file, using=empty)
    return database_of(empty)


@in_database
def test_the_application_has_the_rights_it_had(restored: str, source: str) -> None:
    role = settings.DATABASE_APPLICATION["USER"]
    query = (
        f"SELECT tablename, p, has_table_privilege('{role}', 'public.' || quote_ident(tablename), p)"
        " FROM pg_tables, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p"
        " WHERE schemaname = 'public' ORDER BY tablename, p"
    )
    rights = ask(restored, query)
    assert rights == ask(database_of(source), query)
    assert {("schools_organization", "UPDATE", True), ("schools_organizationevent", "UPDATE", False)} <= set(rights)
    owned_by_definer = "SELECT prosecdef FROM pg_proc WHERE proname = '_pgh_attach_context'"
    assert ask(restored, owned_by_definer) == ask(database_of(source), owned_by_definer) == [(True,)]
    owners = ask(restored, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [(settings.DATABASE_OWNER["USER"],)]


@in_database
def test_numbers_go_on_where_they_were(restored: str, world: factories.World) -> None:
    (highest,) = ask(restored, "SELECT max(id) FROM schools_organization")[0]
    (following,) = ask(restored, "SELECT nextval(pg_get_serial_sequence('schools_organization', 'id'))")[0]
    assert following > highest


@in_database
def test_triggers_and_constraints_come_back(restored: str, source: str) -> None:
    query = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal UNION ALL SELECT count(*) FROM pg_constraint"
    assert ask(restored, query) == ask(database_of(source), query)


@in_database
def test_the_backup_is_of_one_instant_while_others_write(
    tmp_path: Path, world: factories.World, source: str, empty: str, media: Path, settings: Any
) -> None:
    stop = threading.Event()

    def write() -> None:
        try:
            for n in range(5000):
                if stop.is_set():
                    return
                OutgoingMail.objects.create(key=f"k{n}", to="a@example.org", subject="s", text="t")
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup(tmp_path / "busy.tar", using=source)
    finally:
        stop.set()
        writer.join()
    assert OutgoingMail.objects.exists()
    settings.MEDIA_ROOT = media.parent / "elsewhere"
    assert restore(tmp_path / "busy.tar", using=empty) == []


@in_database
def test_only_its_owner_may_read_the_file(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir() if p.name.startswith(".")] == []


@in_database
def test_an_existing_file_is_replaced_only_by_force(file: Path, source: str) -> None:
    before = file.read_bytes()
    with pytest.raises(BackupError, match="exists already"):
        backup(file, using=source)
    assert file.read_bytes() == before
    backup(file, using=source, force=True)
    assert file.read_bytes() != before


@in_database
def test_a_failed_backup_leaves_no_file(tmp_path: Path, world: factories.World) -> None:
    connections.settings["nowhere"] = parameters("no_such_database")
    try:
        with pytest.raises(BackupError, match="PostgreSQL refused"):
            backup(tmp_path / "b.tar", using="nowhere")
    finally:
        del connections.settings["nowhere"]
    assert [p.name for p in tmp_path.iterdir()] == ["media"]


@in_database
def test_a_full_database_is_not_overwritten(file: Path, source: str) -> None:
    before = state_of(database_of(source))
    with pytest.raises(BackupError, match="not empty"):
        restore(file, using=source)
    assert state_of(database_of(source)) == before


@in_database
def test_replacing_brings_back_what_was_changed_since(file: Path, source: str, media: Path) -> None:
    before = state_of(database_of(source))
    OutgoingMail.objects.create(key="later", to="a@example.org", subject="s", text="t")
    (media / "later.txt").write_text("later")
    differences = restore(file, using=source, replace=True)
    truncate_as_tests_do(source)
    assert differences == []
    assert state_of(database_of(source)) == before
    assert sorted(p.name for p in media.iterdir()) == ["2026", "empty.txt"]


def rewritten(file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> Path:
    """The same tar with other members."""
    with tarfile.open(file) as tar:
        members = [(e, tar.extractfile(e).read()) for e in tar]  # type: ignore[union-attr]
    change(members)
    target = file.with_name("changed.tar")
    with tarfile.open(target, "w") as tar:
        for entry, content in members:
            entry.size = len(content)
            tar.addfile(entry, BytesIO(content))
    return target


@pytest.fixture(scope="module")
def unchanged(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A good backup of the migrated database."""
    folder = tmp_path_factory.mktemp("good")
    (folder / "media").mkdir()
    (folder / "media" / "plan é.pdf").write_bytes(bytes(range(256)))
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder / "media"):
        backup(folder / "good.tar", using=alias("good", connection.settings_dict["NAME"]))
    del connections.settings["good"]
    return (folder / "good.tar").read_bytes()


@pytest.fixture
def good(unchanged: bytes, tmp_path: Path) -> Path:
    (tmp_path / "good.tar").write_bytes(unchanged)
    return tmp_path / "good.tar"


def assert_refused(file: Path, words: str) -> None:
    """Refused before any database is asked: there is none of this name."""
    with pytest.raises(BackupError, match=words):
        restore(file, using="not configured")


@pytest.fixture
def no_media(file: Path, media: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = media.parent / "elsewhere"


@pytest.mark.parametrize("place", ["database.dump", "media/plan é.pdf"])
def test_a_changed_byte_is_refused(good: Path, place: str) -> None:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        n = [entry.name for entry, _ in members].index(place)
        content = bytearray(members[n][1])
        content[len(content) // 2] ^= 1
        members[n] = members[n][0], bytes(content)

    assert_refused(rewritten(good, change), "is not what was backed up")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_half_written_file_is_refused(good: Path, share: float) -> None:
    half = good.with_name("half.tar")
    with tarfile.open(good) as tar:
        end = tar.getmember("manifest.json").offset_data
    half.write_bytes(good.read_bytes()[: int(end * share)])
    assert_refused(half, "cut off|no backup")


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "media/../../evil", "media", "other.txt", "media//x", "media/a\\..\\b"]
)
def test_members_outside_the_media_directory_are_refused(good: Path, name: str) -> None:
    hostile = rewritten(good, lambda members: members.insert(0, (tarfile.TarInfo(name), b"x")))
    assert_refused(hostile, "member that no backup has")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(good: Path, kind: bytes) -> None:
    entry = tarfile.TarInfo("media/link")
    entry.type, entry.linkname = kind, "/etc/passwd"
    assert_refused(rewritten(good, lambda members: members.append((entry, b""))), "no backup has")


def with_manifest(file: Path, **changes: Any) -> Path:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        entry, content = members.pop()
        members.append((entry, json.dumps(json.loads(content) | changes).encode()))

    return rewritten(file, change)


def test_a_newer_versions_backup_is_refused(good: Path) -> None:
    newer = with_manifest(good, migrations=["schools.9999_future"])
    assert_refused(newer, "migrations that this one lacks")


@in_database
@pytest.mark.usefixtures("no_media")
def test_what_differs_after_the_restore_is_named(file: Path, empty: str) -> None:
    with tarfile.open(file) as tar:
        tables = json.load(tar.extractfile("manifest.json"))["tables"]  # type: ignore[arg-type]
    tables["schools_organization"]["rows"] += 1
    tables["schools_user"]["checksum"] = "0"
    tables["gone"] = {"rows": 0, "checksum": "0"}
    assert restore(with_manifest(file, tables=tables), using=empty) == [
        "gone: missing",
        "schools_organization: 11 rows, 12 in the backup",
        "schools_user: other content than in the backup",
    ]


@in_database
def test_a_failed_replacement_leaves_the_former_data(file: Path, source: str, media: Path) -> None:
    before = state_of(database_of(source))
    differences = restore(with_manifest(file, tables={}), using=source, replace=True)
    truncate_as_tests_do(source)
    assert differences[-1] == "The former data were left in place."
    assert state_of(database_of(source)) == before
    assert (media / "empty.txt").exists()


def test_replacing_needs_the_databases_name_typed(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    with pytest.raises(CommandError, match="Not confirmed"):
        call_command("restore", str(good), "--replace")


@in_database
@pytest.mark.usefixtures("no_media")
def test_the_commands_work_from_the_shell(file: Path, source: str, empty: str, tmp_path: Path) -> None:
    def manage(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        known = parameters(database)
        owner = settings.DATABASE_OWNER["USER"]
        address = f"@:{known['PORT']}/{known['HOST']}/{database}"  # a socket's directory, as django-environ reads it
        environment = os.environ | {
            "DATABASE_URL": f"postgres://{settings.DATABASE_APPLICATION['USER']}{address}",
            "DATABASE_OWNER_URL": f"postgres://{owner}{address}",
            "REDIS_URL": settings.REDIS_URL,
            "MEDIA_ROOT": str(tmp_path / "shell-media"),
        }
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    written = manage(database_of(source), "backup", str(tmp_path / "shell.tar"))
    assert written.returncode == 0, written.stderr
    back = manage(database_of(empty), "restore", str(tmp_path / "shell.tar"))
    assert back.returncode == 0, back.stderr
    assert "every table has the rows and the checksum" in back.stdout
    again = manage(database_of(empty), "restore", str(tmp_path / "shell.tar"))
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)
