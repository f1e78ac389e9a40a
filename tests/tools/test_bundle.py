"""The offline bundle: built, checked with openssl alone, refused, installed and upgraded with the network closed."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tools import wheels
from tools import bundle
from tools.layers import PACKAGES, ROOT

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


def install(
    folder: Path, trust: Path, prefix: Path, role: str = "hub", data: Path = Path("/nonexistent")
) -> subprocess.CompletedProcess[str]:
    """Run the install script of an unpacked bundle into a prefix of its own."""
    arguments: list[str | Path] = ["--trust", trust, "--role", role, "--prefix", prefix]
    arguments += ["--data", data, "--python", BASE_PYTHON]
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


def test_the_wheel_holds_every_file_of_the_packages(small: tuple[Path, Path]) -> None:
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(next(small[0].glob("serai-*.whl"))) as wheel:
        assert here - set(wheel.namelist()) == set()


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


@dataclass(frozen=True)
class Site:
    """A place where a bundle is installed over an earlier release, and a hub that was made there."""

    folder: Path
    public: Path
    prefix: Path
    data: Path

    @property
    def program(self) -> Path:
        return self.prefix / "current" / "bin" / "serai"

    @property
    def database(self) -> Path:
        return self.data / "hub" / "hub.sqlite"

    def install(self) -> subprocess.CompletedProcess[str]:
        """Install, or install again, which brings the database up to date."""
        return install(self.folder, self.public, self.prefix, data=self.data)

    def serai(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the installed program on the hub."""
        return run(self.program, *arguments, "--home", self.data / "hub", cwd=self.data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A full bundle, built from what is installed here, on a site where 0.0.9 was before."""
    here = tmp_path_factory.mktemp("site")
    lock = wheels.services(here / "wheels")
    key, public = key_pair(here, "release")
    folder = unpack(bundle.build(bundle.Recipe(key, here / "out", lock, here / "wheels")), here)
    made = Site(folder, public, here / "prefix", here / "data")
    (made.prefix / "releases" / "0.0.9").mkdir(parents=True)
    made.data.mkdir()
    (made.prefix / "current").symlink_to("releases/0.0.9")
    done = made.install()
    assert done.returncode == 0, done.stderr
    assert "before: 0.0.9" in done.stdout
    return made


@pytest.fixture
def hub(site: Site) -> Iterator[Site]:
    """The site with a hub on it."""
    secret = site.data / "passphrase"
    secret.write_text("six invented words for one test")
    secret.chmod(0o600)
    names = ["--name", "hub.serai.example", "--public-url", "https://hub.serai.example", "--federation", "test"]
    roots = ["--roots", "1", "--threshold", "1", "--roots-folder", str(site.data / "roots")]
    secrets = ["--passphrase-file", str(secret), "--root-passphrase-file", str(secret)]
    done = site.serai("hub", "init", *names, *roots, *secrets)
    assert done.returncode == 0, done.stderr
    yield site
    shutil.rmtree(site.data)
    site.data.mkdir()


@pytest.mark.slow
def test_a_bundle_installs_beside_what_was_there_with_the_network_closed(site: Site) -> None:
    assert run(site.program, "--version", cwd=site.data).stdout.strip() == bundle.version()
    assert (site.prefix / "releases" / "0.0.9").exists()
    where = run(site.program.parent / "python", "-c", "import serai; print(serai.__file__)", cwd=site.data).stdout
    assert where.startswith(str(site.prefix))


@pytest.mark.slow
def test_an_upgrade_brings_the_database_up_to_date_and_keeps_the_old_one(hub: Site) -> None:
    assert hub.serai("hub", "migrate", "--down", "--revision", "base").returncode == 0
    before = hub.database.read_bytes()
    assert hub.install().returncode == 0
    assert (hub.data / "hub" / f"before-{bundle.version()}" / "hub.sqlite").read_bytes() == before
    assert hub.database.read_bytes() != before


@pytest.mark.slow
def test_an_upgrade_that_fails_puts_everything_back(hub: Site) -> None:
    hub.database.write_bytes(b"this is no database" * 100)
    before = hub.database.read_bytes()
    link = hub.prefix / "current"
    link.unlink()
    link.symlink_to("releases/0.0.9")
    done = hub.install()
    link.unlink()
    link.symlink_to(f"releases/{bundle.version()}")
    assert done.returncode == 1
    assert "releases/0.0.9 are as they were" in done.stderr
    assert hub.database.read_bytes() == before


@pytest.mark.slow
def test_installing_what_is_installed_changes_nothing(site: Site) -> None:
    done = site.install()
    assert done.returncode == 0
    assert "is installed already" in done.stdout
