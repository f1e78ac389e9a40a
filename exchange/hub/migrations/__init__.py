"""The history of the hub's schema."""
