"""The words both sides agree on: message kinds, code tables, directory, receipts, log entries. No IO, no clock."""
