"""A release that does not exist yet: this one, with further migrations, run as programs of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from registry.store.database import MIGRATIONS, Database

ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = '''"""{name}."""

import sqlalchemy as sa
from alembic import op

from migrations.parts import drop_index_online, index_online

revision = "{revision}"
down_revision = "{follows}"
branch_labels = None
depends_on = None
{says}


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
'''

_UPGRADE = """
import sys
from registry.errors import RegistryError
from registry.store.database import Database
try:
    Database(sys.argv[1]).upgrade()
except RegistryError as error:
    print(error.detail)
"""


class NextRelease:
    """Grows by one migration at a time; the first follows the last of this release.

    Args:
        folder: where its code is put: all that an HTTP process needs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last = Database(f"sqlite:///{folder / 'none.sqlite3'}").head_revision()
        skipped = shutil.ignore_patterns("artefacts")  # compiled code comes along, and is still good
        shutil.copytree(MIGRATIONS, folder / "migrations", ignore=skipped)
        for package in ("registry", "api"):
            shutil.copytree(ROOT / package, folder / package, ignore=skipped)

    def add(self, upgrade: str, *, downgrade: str = "pass", serves: str | None) -> str:
        """Add a migration; answer its revision.

        Args:
            upgrade, downgrade: one statement each.
            serves: which code it says that it serves: a revision, ``"its own"``, or None to say nothing.
        """
        revision = f"{int(self._last) + 1:04}"
        served = revision if serves == "its own" else serves
        script = _SCRIPT.format(
            name=f"Migration {revision} of a test",
            revision=revision,
            follows=self._last,
            says="" if served is None else f'serves_code_from = "{served}"',
            upgrade=upgrade,
            downgrade=downgrade,
        )
        (self.folder / "migrations" / "versions" / f"{revision}_next.py").write_text(script, encoding="utf-8")
        self._last = revision
        return revision

    def upgrade(self, url: str) -> str:
        """Let it bring a database to its schema; answer what it refused with, empty when it did not."""
        done = subprocess.run(  # noqa: S603  (our own program)
            [sys.executable, "-c", _UPGRADE, url],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout
