"""A federation on this machine: real processes, real keys, invented people."""
