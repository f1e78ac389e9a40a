"""Packs what is installed here back into wheels, so that an installation can be tested with no network."""

import hashlib
import re
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import parse_tag, sys_tags

from tools.layers import ROOT

LOCKED = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==(\S+)(?: ; (.*?))? \\$", re.MULTILINE)


def wheel_tag(dist: Distribution) -> str:
    """A tag of the wheel that the distribution was installed from, one that fits this interpreter."""
    text = dist.read_text("WHEEL") or ""
    tags = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("Tag: ")]
    return next(tag for tag in tags if parse_tag(tag) & set(sys_tags()))


def pack(dist: Distribution, folder: Path) -> Path:
    """Write one installed distribution as a wheel, without its scripts and its compiled files."""
    name = re.sub(r"[-.]+", "_", dist.name).lower()
    wheel = folder / f"{name}-{dist.version}-{wheel_tag(dist)}.whl"
    record = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in dist.files or []:
            path = file.as_posix()
            if path.startswith("..") or path.endswith(
                (".pyc", "/RECORD", "/INSTALLER", "/REQUESTED", "/direct_url.json")
            ):
                continue
            archive.write(str(file.locate()), path)
            record.append(f"{path},,")
        info = next(line.partition("/")[0] for line in record if ".dist-info/" in line)
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return wheel


def services(folder: Path) -> Path:
    """Pack everything that `deploy/requirements.lock` asks for here; return a lock file of just these wheels."""
    folder.mkdir()
    lines = []
    for name, version, marker in LOCKED.findall((ROOT / "deploy" / "requirements.lock").read_text()):
        if marker and not Marker(marker).evaluate():
            continue
        wheel = pack(distribution(name), folder)
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    lock = folder.parent / "requirements.lock"
    lock.write_text("".join(lines))
    return lock
