"""The schema of a node's database, step by step; tested up and down on SQLite and PostgreSQL with rows in it."""
