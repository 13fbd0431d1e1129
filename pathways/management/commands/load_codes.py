"""``manage.py load_codes``: load code lists, those that are shipped or from a path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.formats import date_format

from pathways.code_lists import LISTS, CodeListError, Loaded, find, load, load_shipped
from pathways.models import CodeListLoad


class Command(BaseCommand):
    """Loads lists; says of each what is new, what changed and what ended."""

    help = (
        "Load code lists (programs, courses, occupations, exams, clusters, descriptors). Without arguments all that "
        "come with the product, except those that were loaded from a path."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lists", nargs="*", metavar="LIST", help=f"one of: {', '.join(LISTS)}")
        parser.add_argument("--from", dest="path", type=Path, help="the folder, or for a single list the file, to read")
        parser.add_argument("--edition", default="", help="of a single list, where the file is of another edition")
        parser.add_argument("--encoding", default="utf-8", choices=["utf-8", "latin-1", "cp1252"])
        parser.add_argument("--list", action="store_true", dest="tell", help="only say which lists there are")

    def handle(self, **options: Any) -> None:
        names: list[str] = options["lists"]
        if unknown := [name for name in names if name not in LISTS]:
            raise CommandError(f"There is no list {unknown[0]}. There are: {', '.join(LISTS)}.")
        if options["tell"]:
            self.tell()
            return
        path: Path | None = options["path"]
        if path is not None and not path.exists():
            raise CommandError(f"{path} does not exist.")
        if len(names) != 1 and (options["edition"] or (path is not None and path.is_file())):
            raise CommandError("A file and an edition are of one list: name it.")
        if path is None and not names:
            for loaded in load_shipped():
                self.say(loaded)
            return
        failures = 0
        for name in names or self.found_in(path):
            try:
                self.say(load(name, path, edition=options["edition"], encoding=options["encoding"]))
            except CodeListError as error:
                failures += 1
                self.stderr.write(str(error))
        if failures:
            raise CommandError(f"{failures} of the lists {'were' if failures > 1 else 'was'} not loaded.")

    def found_in(self, path: Path | None) -> list[str]:
        """The lists of which a folder has a file."""
        assert path is not None
        try:
            found = [name for name, wanted in LISTS.items() if find(wanted, path)]
        except CodeListError as error:
            raise CommandError(str(error)) from None
        if not found:
            raise CommandError(f"{path}: no file of any list in it.")
        return found

    def say(self, loaded: Loaded) -> None:
        """One line for one list."""
        title = LISTS[loaded.name].title
        if loaded.kept:
            self.stdout.write(f"{title}: kept as loaded from {loaded.kept}")
            return
        wrote = loaded.difference
        parts = [
            f"{count:,} {word}"
            for count, word in ((wrote.new, "new"), (wrote.changed, "changed"), (wrote.ended, "ended"))
            if count
        ]
        self.stdout.write(f"{title}: {loaded.codes:,} codes, {', '.join(parts) or 'nothing new'}")

    def tell(self) -> None:
        """Every list: what stands in the database, or how to get it."""
        loads = {load.list: load for load in CodeListLoad.objects.all()}
        for name, wanted in LISTS.items():
            here = loads.get(name)
            if here is not None:
                day = date_format(here.loaded_at, "Y-m-d")
                state = f"{here.codes:,} codes, edition {here.edition}, loaded {day} from {here.file}"
            else:
                state = "not loaded; " + ("comes with the product" if wanted.shipped else "load it with --from")
            self.stdout.write(f"{name}: {wanted.title}\n    {state}\n    {wanted.source}; {wanted.licence}")
