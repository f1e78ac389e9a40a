#!/bin/sh
# Installs or upgrades Serai from the unpacked bundle around this script, with no network.
#
#   sh install.sh --trust release.pub --role hub|node [--prefix /opt/serai] [--data /var/lib/serai] [--python PROGRAM]
#
# It checks the signature and every digest before it does anything, installs beside what runs, and switches at the end:
# an upgrade that fails leaves the old version running. `release.pub` must have come by another way than the bundle.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
trust='' role='' prefix=/opt/serai data=/var/lib/serai python=python3.11

fail() { printf 'install: %s\n' "$*" >&2; exit 1; }
say() { printf 'install: %s\n' "$*"; }

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
        --trust) trust=$2 ;;
        --role) role=$2 ;;
        --prefix) prefix=$2 ;;
        --data) data=$2 ;;
        --python) python=$2 ;;
        *) fail "unknown option $1" ;;
    esac
    shift 2
done
case $role in hub | node) ;; *) fail 'give --role hub or --role node' ;; esac
[ -f "$trust" ] || fail 'give --trust and the file of the release public key that you hold'

verify() {
    openssl pkeyutl -verify -pubin -inkey "$trust" -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null 2>&1 ||
        fail 'SHA256SUMS is not signed by the key you trust: nothing was installed'
    sha256sum --check --strict --quiet SHA256SUMS >&2 || fail 'a file differs from its digest: nothing was installed'
    listed=$(cut -c 67- SHA256SUMS)
    present=$(find . -type f ! -path ./SHA256SUMS ! -path ./SHA256SUMS.sig | cut -c 3- | LC_ALL=C sort)
    [ "$(printf '%s\n' "$listed" | LC_ALL=C sort)" = "$present" ] || fail 'a file is not in the signed list: nothing was installed'
}

fit() {
    [ "$(cat PLATFORM)" = "$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)" ] || fail "this bundle is for $(cat PLATFORM)"
    "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null ||
        fail "$python is not Python 3.11 with venv: give --python"
}

install_release() {
    if [ -d "$release" ] && [ ! -f "$release/complete" ]; then rm -rf "$release"; fi # a run that was cut off
    if [ -f "$release/complete" ]; then say "$version is installed already" && return; fi
    mkdir -p "$prefix/releases"
    "$python" -m venv "$release"
    set -- --quiet --no-input --no-cache-dir --disable-pip-version-check --no-index --find-links wheels
    PIP_CONFIG_FILE=/dev/null "$release/bin/python" -m pip install "$@" --require-hashes -r requirements.lock
    PIP_CONFIG_FILE=/dev/null "$release/bin/python" -m pip install "$@" --no-deps ./serai-*.whl
    [ "$("$release/bin/serai" --version)" = "$version" ] || fail 'the installed program does not start'
    cp -R systemd "$release/systemd"
    touch "$release/complete"
}

switch() { # one rename: whoever starts the program meets the old version or the new one
    ln -sfn "releases/$version" "$prefix/next"
    mv -fT "$prefix/next" "$prefix/current"
}

service_present() { [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && [ "$prefix" = /opt/serai ]; }

place_units() {
    id serai >/dev/null 2>&1 || useradd --system --home-dir "$data" --shell /usr/sbin/nologin serai
    install -d -o serai -g serai -m 0700 "$data"
    install -d -m 0700 /etc/serai
    install -m 0644 "$release/systemd/serai-$role.service" /etc/systemd/system/
    systemctl daemon-reload
}

running() { service_present && systemctl is-active --quiet "serai-$role"; }

keep_database() { # SQLite lies in the folder and is copied; a PostgreSQL database is dumped by whoever runs it
    rm -rf "$kept"
    mkdir -m 0700 "$kept"
    for file in "$home"/*.db "$home"/*.db-wal "$home"/*.sqlite "$home"/*.sqlite-wal; do
        if [ -f "$file" ]; then cp -p "$file" "$kept/"; fi
    done
}

put_back() {
    for file in "$home"/*.db-wal "$home"/*.db-shm "$home"/*.sqlite-wal "$home"/*.sqlite-shm; do rm -f "$file"; done
    for file in "$kept"/*; do if [ -f "$file" ]; then cp -p "$file" "$home/"; fi; done
    if [ -n "$old" ]; then ln -sfn "$old" "$prefix/next" && mv -fT "$prefix/next" "$prefix/current"; fi
    if [ "$stopped" = yes ]; then systemctl start "serai-$role" || true; fi
    fail "$1; the database and ${old:-nothing} are as they were"
}

bring_up_to_date() { # with the service stopped, under its own account where there is one
    [ -f "$home/$role.toml" ] || return 0
    keep_database
    set -- "$release/bin/serai" "$role" migrate --home "$home"
    if service_present; then set -- setpriv --reuid serai --regid serai --clear-groups "$@"; fi
    "$@" >&2 || put_back "the database could not be brought to $version"
}

cd "$here"
verify
fit
version=$(cat VERSION)
release=$prefix/releases/$version
home=$data/$role
kept=$home/before-$version
old=$(readlink "$prefix/current" 2>/dev/null || true)
stopped=no
install_release
if service_present; then place_units; fi
if running; then systemctl stop "serai-$role" && stopped=yes; fi
bring_up_to_date
switch
if [ "$stopped" = yes ]; then
    systemctl start "serai-$role" || put_back "$version did not start (journalctl -u serai-$role says why)"
fi
say "$version is installed${old:+ (before: ${old#releases/})}: $prefix/current/bin/serai"
