from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

import activity_sync.ledger.migrations
from activity_sync.errors import LedgerUnusable
from activity_sync.ledger import Ledger
from activity_sync.ledger.schema import REVISION, metadata
from activity_sync.settings import key_mark

OPEN = "import sys; from activity_sync.ledger import Ledger; Ledger.open(sys.argv[1]).close(); print('opened')"


def test_migrations_make_the_tables_that_the_code_uses(url):
    Ledger.open(url).close()

    engine = create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        indexes = {one["name"]: bool(one["unique"]) for one in inspect(connection).get_indexes("link_sides")}
    engine.dispose()

    assert differences == []
    assert indexes["link_sides_one_living"]


def test_revision_of_the_code_is_the_last_migration():
    script = ScriptDirectory(str(Path(activity_sync.ledger.migrations.__file__).parent))

    assert script.get_current_head() == REVISION


def test_every_migration_keeps_what_the_ledger_held(url):
    with Ledger.open(url) as ledger:
        ledger.confirm_accounts({"hubspot": "1"})

    with Ledger.open(url) as ledger:
        assert ledger.accounts() == {"hubspot": "1"}


def test_several_processes_open_a_new_ledger_at_once(url, start_python):
    processes = [start_python(OPEN, url) for _ in range(4)]

    assert [process.communicate(timeout=60)[0] for process in processes] == ["opened\n"] * 4


def test_ledger_of_a_newer_version_is_refused_with_its_remedy(url):
    Ledger.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(LedgerUnusable, match="newer version"):
        Ledger.open(url)


def test_database_of_another_program_is_refused(url):
    Ledger.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ae1027a6'"))
    engine.dispose()

    with pytest.raises(LedgerUnusable, match="another program"):
        Ledger.open(url)


def test_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"this is a shopping list, not a database\n" * 100)

    with pytest.raises(LedgerUnusable, match="does not answer"):
        Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerUnusable, match="ACTIVITY_SYNC_HOME"):
        Ledger.open(f"sqlite:///{tmp_path / 'file' / 'home' / 'ledger.db'}")


@pytest.mark.parametrize("url", ["ledger.db", "mysql+nothing://localhost/ledger", "no such thing"])
def test_address_that_names_no_usable_database_is_refused(url):
    with pytest.raises(LedgerUnusable) as refused:
        Ledger.open(url)

    assert refused.value.setting == "ACTIVITY_SYNC_LEDGER_URL"


def test_server_that_does_not_answer_is_refused():
    # Nothing listens on that port of this machine; without a driver it is refused for the driver.
    with pytest.raises(LedgerUnusable):
        Ledger.open("postgresql+psycopg://nobody@127.0.0.1:1/ledger")


def test_accounts_are_stored_once_and_compared_afterwards(ledger):
    ledger.confirm_accounts({"hubspot": "1001"})
    ledger.confirm_accounts({"hubspot": "1001", "dynamics": "org-a"})

    with pytest.raises(LedgerUnusable, match=r"1001.*2002") as refused:
        ledger.confirm_accounts({"hubspot": "2002", "dynamics": "org-a"})

    assert refused.value.system == "hubspot"
    assert ledger.accounts() == {"hubspot": "1001", "dynamics": "org-a"}


def test_ledger_is_used_with_the_key_that_it_was_begun_with(url):
    """Two hosts without a common ACTIVITY_SYNC_KEY would each make one of their own."""
    with Ledger.open(url) as one, Ledger.open(url) as two:
        one.confirm_key(key_mark(b"the first host's"))
        two.confirm_key(key_mark(b"the first host's"))

        with pytest.raises(LedgerUnusable) as refused:
            two.confirm_key(key_mark(b"the second host's"))

    assert refused.value.setting == "ACTIVITY_SYNC_KEY"


def test_mapping_revision_is_kept_per_scope(ledger):
    assert ledger.mapping_revision("hubspot_to_dynamics/task") is None

    ledger.store_mapping_revision("hubspot_to_dynamics/task", "a")
    ledger.store_mapping_revision("hubspot_to_dynamics/task", "b")
    ledger.store_mapping_revision("hubspot_to_dynamics/call", "c")

    assert ledger.mapping_revision("hubspot_to_dynamics/task") == "b"
    assert ledger.mapping_revision("hubspot_to_dynamics/call") == "c"
