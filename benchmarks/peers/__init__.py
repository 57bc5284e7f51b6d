"""What other tools need for the same work, and what each of them loses."""
