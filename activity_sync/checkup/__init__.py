"""What `activity-sync check` looks at, put together from what each room finds about itself."""
