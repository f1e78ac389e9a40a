"""The pages of the hub's operator: what it says about itself, asked over its owner-only socket."""
