# Everything one does with this repository. Each target first sets up what it needs: a fresh machine with
# Python 3.11 is enough. `make PYTHON=/path/to/python3.11 …` chooses the interpreter.

.PHONY: demo test setup bench sim fuzz fmt bundle verifier lock
.NOTPARALLEL:
export PYTHON

# A federation on loopback: a hub and five nodes, with accounts, ready to use.
demo:
	@tools/setup.sh runtime
	@.venv/bin/serai demo

# Every check: lint, types, layers, vectors, tests with coverage, browser.
test: setup
	@.venv/bin/python -m tools.check

# Only the set-up that the others begin with.
setup:
	@tools/setup.sh full

# Sealing, the log, the hub, end to end: with real signatures and fsync; and the pages of a unit with many messages.
bench: setup
	@.venv/bin/serai bench seal --json
	@.venv/bin/serai bench log --json
	@.venv/bin/serai bench hub --json
	@.venv/bin/serai bench end-to-end --json
	@.venv/bin/python -m tests.bench.pages 160 20000

# Thousands of simulated worlds.
sim: setup
	@.venv/bin/python -m tests.sim.run

# A million hostile inputs for each parser, and twenty thousand requests that the schemas of hub and node can make.
fuzz: setup
	@FUZZ_EXAMPLES=20000 .venv/bin/python -m pytest -q -p no:xdist -k schema_can_make tests/hub tests/nodes/web
	@.venv/bin/python -m tests.fuzz.run --count 1000000

# Formats the code, and writes docs/commands.md and docs/rules.md anew.
fmt: setup
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format
	@.venv/bin/python -m tools.commands
	@.venv/bin/python -m tools.rules

# One signed archive that installs and upgrades a hub or a node with no network: KEY=release-key.pem
bundle: setup
	@.venv/bin/python -m tools.bundle build --key "$(KEY)" --out dist

# The court's verifier as one file, dist/serai-verify.py: it needs Python and `cryptography`, nothing else.
verifier: setup
	@.venv/bin/python -m tools.verifier

# Writes both lock files anew from pyproject.toml: versions and hashes, no addresses.
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
lock: setup
	@$(LOCK) --extra dev --output-file requirements.lock pyproject.toml
	@$(LOCK) --extra pkcs11 --constraint requirements.lock --output-file deploy/requirements.lock pyproject.toml
