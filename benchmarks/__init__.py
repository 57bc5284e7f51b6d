"""What is measured, each with one command that leaves its result as data beside it."""
