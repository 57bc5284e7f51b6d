"""`python -m activity_sync_tests.end_to_end.real_data [--write]`: carry the data across, and count."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from activity_sync_tests.end_to_end.real_data import DATA, PAGE
from activity_sync_tests.end_to_end.real_data.crossing import all_given, carry, crossing
from activity_sync_tests.end_to_end.real_data.page import counts_table, losses_table, updated


@click.command()
@click.option("--write", is_flag=True, help="Put the counts into docs/real-data.md.")
def main(*, write: bool) -> None:
    """Carry every mail, calendar and recorded activity between two fresh sandboxes, and show the counts."""
    if not DATA.exists():
        raise click.ClickException("the shared data is not beside the project: ../shared/data")
    with crossing() as bridge:
        crossed = carry(bridge, all_given())
    click.echo(counts_table(crossed) + "\n\n" + losses_table(crossed))
    if write:
        page = updated(PAGE.read_text(encoding="utf-8"), crossed, datetime.now(tz=UTC).date())
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
