"""`python -m activity_sync`: the same as the `activity-sync` command."""

from activity_sync.cli.main import main

if __name__ == "__main__":
    main()
