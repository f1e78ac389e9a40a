"""The command line and the demo federation: the only place that puts hub and nodes together."""
