"""The offline bundle: built, checked with openssl alone, refused, installed and upgraded with the network closed."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tools import wheels
from tools import bundle
from tools.layers import ROOT

SHELL = shutil.which("sh") or "/bin/sh"
BASE_PYTHON = Path(sys.base_prefix) / "bin" / "python3.11"
NOWHERE = "http://127.0.0.1:9"  # nothing listens there: whoever asks for the network fails


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the network closed, as far as this user may close it."""
    closed = {"PATH": os.environ["PATH"], "HOME": str(cwd.parent), "http_proxy": NOWHERE, "https_proxy": NOWHERE}
    own_network = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    words = [*own_network, *map(str, command)]
    return subprocess.run(words, cwd=cwd, env=closed, capture_output=True, text=True, check=False)  # noqa: S603  # the commands are those of the tests


def key_pair(folder: Path, name: str) -> tuple[Ed25519PrivateKey, Path]:
    """A release key, and the file of its public half."""
    key = Ed25519PrivateKey.generate()
    public = folder / f"{name}.pub"
    pem, info = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(pem, info))
    return key, public


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a bundle the way an operator does."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.stem


def install(folder: Path, trust: Path, prefix: Path, role: str = "hub") -> subprocess.CompletedProcess[str]:
    """Run the install script of an unpacked bundle into a prefix of its own."""
    arguments: list[str | Path] = ["--trust", trust, "--role", role, "--prefix", prefix, "--python", BASE_PYTHON]
    return run(SHELL, folder / "install.sh", *arguments, cwd=folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An unpacked bundle without dependencies, enough for everything that refuses; and the key to trust."""
    home = tmp_path_factory.mktemp("small")
    (home / "wheels").mkdir()
    (home / "lock").write_text("")
    key, public = key_pair(home, "release")
    archive = bundle.build(bundle.Recipe(key, home / "out", home / "lock", home / "wheels"))
    return unpack(archive, home), public


@pytest.fixture
def copy(small: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of the small bundle to spoil."""
    return Path(shutil.copytree(small[0], tmp_path / "copy"))


def test_three_ordinary_commands_check_a_bundle(small: tuple[Path, Path]) -> None:
    folder, public = small
    signature: list[str | Path] = [
        "-verify",
        "-pubin",
        "-inkey",
        public,
        "-rawin",
        "-in",
        "SHA256SUMS",
        "-sigfile",
        "SHA256SUMS.sig",
    ]
    assert run("openssl", "pkeyutl", *signature, cwd=folder).returncode == 0
    assert run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=folder).returncode == 0


def test_the_same_commit_gives_the_same_bytes(small: tuple[Path, Path], tmp_path: Path) -> None:
    home = small[0].parent
    key, _ = key_pair(tmp_path, "release")
    first, second = (
        bundle.build(bundle.Recipe(key, tmp_path / name, home / "lock", home / "wheels")).read_bytes() for name in "ab"
    )
    assert first == second


@pytest.mark.parametrize("name", ["install.sh", "requirements.lock", "VERSION", "SHA256SUMS", "SHA256SUMS.sig"])
def test_a_changed_file_is_refused_before_anything_is_installed(
    copy: Path, small: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    target = copy / name
    target.write_bytes(target.read_bytes()[:-1] + b"#")
    done = install(copy, small[1], tmp_path / "prefix")
    assert done.returncode == 1
    assert "nothing was installed" in done.stderr
    assert not (tmp_path / "prefix").exists()


def test_a_file_beyond_the_list_is_refused(copy: Path, small: tuple[Path, Path], tmp_path: Path) -> None:
    (copy / "wheels").mkdir(exist_ok=True)
    (copy / "wheels" / "extra.whl").write_bytes(b"")
    done = install(copy, small[1], tmp_path / "prefix")
    assert "not in the signed list" in done.stderr
    assert not (tmp_path / "prefix").exists()


def test_another_key_is_refused(small: tuple[Path, Path], tmp_path: Path) -> None:
    _, other = key_pair(tmp_path, "other")
    done = install(small[0], other, tmp_path / "prefix")
    assert "not signed by the key you trust" in done.stderr


@pytest.mark.parametrize("role", ["", "centre"])
def test_a_role_must_be_given(small: tuple[Path, Path], tmp_path: Path, role: str) -> None:
    assert "--role" in install(small[0], small[1], tmp_path / "prefix", role).stderr


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_release_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(bundle.BundleError, match="Ed25519"):
        bundle.release_key(tmp_path / "key.pem")


@pytest.mark.slow
def test_a_bundle_installs_and_upgrades_with_the_network_closed(tmp_path: Path) -> None:
    lock = wheels.services(tmp_path / "wheels")
    key, public = key_pair(tmp_path, "release")
    folder = unpack(bundle.build(bundle.Recipe(key, tmp_path / "out", lock, tmp_path / "wheels")), tmp_path)
    prefix = tmp_path / "prefix"
    earlier = prefix / "releases" / "0.0.9"
    earlier.mkdir(parents=True)
    (prefix / "current").symlink_to("releases/0.0.9")

    done = install(folder, public, prefix)

    assert done.returncode == 0, done.stderr
    assert "before: 0.0.9" in done.stdout
    program = prefix / "current" / "bin" / "serai"
    assert run(program, "--version", cwd=tmp_path).stdout.strip() == bundle.version()
    assert install(folder, public, prefix).returncode == 0  # again: nothing to do
    assert earlier.exists()
    assert (
        str(ROOT)
        not in run(program.parent / "python", "-c", "import serai; print(serai.__file__)", cwd=tmp_path).stdout
    )
