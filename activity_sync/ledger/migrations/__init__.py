"""Migrations, applied by `Ledger.open`. Numbered, never changed once released."""
