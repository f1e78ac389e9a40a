#!/bin/sh
# Sets up a fresh machine, and does nothing where that is done already.
#
#   tools/setup.sh runtime    what a hub, a node and the demo need
#   tools/setup.sh full       that, and everything the checks need, a browser among it
#
# Everything goes into .venv beside the Makefile, from locked versions with hashes and never from source. Only the
# browser, pango for PDF files, and SoftHSM may come from the system's packages. Needs no terminal and asks nothing.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
scope=${1:?runtime or full}
venv="$root/.venv"

say() { printf 'setup: %s\n' "$*" >&2; }

loud() {
    printf '\n%s\n' '!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!' >&2
    for line in "$@"; do printf '!!  %s\n' "$line" >&2; done
    printf '%s\n\n' '!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!' >&2
}

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 /usr/bin/python3.11 /usr/local/bin/python3.11 python3 python; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    loud 'Serai needs Python 3.11 with its venv module, and found none.' \
         'Debian 12:    apt-get install python3.11 python3.11-venv' \
         'elsewhere:    install Python 3.11, then: make PYTHON=/path/to/python3.11 setup'
    exit 1
}

make_venv() {
    if [ "$("$venv/bin/python" -c 'import sys; print(sys.prefix)' 2>/dev/null)" = "$venv" ]; then return; fi
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    if [ -f "$venv/pyvenv.cfg" ]; then rm -rf "$venv"; fi
    "$python" -m venv "$venv"
}

install_lock() { # install_lock SCOPE LOCKFILE: skipped while the lock file is the one installed last
    stamp="$venv/installed-$1"
    digest=$(sha256sum "$2")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ]; then return; fi
    say "installing $(grep -c == "$2") locked packages ($2)"
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        "$venv/bin/python" -m pip install --quiet --no-input --require-hashes --only-binary :all: -r "$2" </dev/null
    printf '%s\n' "$digest" >"$stamp"
}

usable_browser() { [ -n "$1" ] && "$1" --version >/dev/null 2>&1; }

present_browser() {
    for name in ${SERAI_CHROMIUM:+"$SERAI_CHROMIUM"} chromium chromium-browser google-chrome-stable google-chrome; do
        path=$(command -v "$name" 2>/dev/null || true)
        if usable_browser "$path"; then printf '%s\n' "$path" && return; fi
    done
    path=$("$venv/bin/python" tools/driver_browser.py 2>/dev/null || true)
    if usable_browser "$path"; then printf '%s\n' "$path"; fi
}

fetch_browser() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing Chromium from the system's packages"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null >&2 || true
        apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core </dev/null >"$venv/apt.log" 2>&1 || true
        if command -v chromium >/dev/null; then return; fi
    fi
    say "downloading the browser of the test driver"
    "$venv/bin/playwright" install chromium </dev/null >"$venv/browser.log" 2>&1 || true
}

find_browser() {
    if usable_browser "$(cat "$venv/chromium" 2>/dev/null || true)"; then return; fi
    browser=$(present_browser)
    if [ -z "$browser" ]; then
        fetch_browser
        browser=$(present_browser)
    fi
    printf '%s\n' "$browser" >"$venv/chromium"
    if [ -z "$browser" ]; then
        loud 'No Chromium is here and none could be installed: the pages are NOT TESTED in a browser.' \
             'Install one and name it: SERAI_CHROMIUM=/path/to/chromium make test'
    elif command -v fc-list >/dev/null && [ -z "$(fc-list :lang=ru 2>/dev/null)" ]; then
        loud 'No font on this machine has Cyrillic letters: screenshots of Russian pages will show boxes' \
             'where the page does not bring its own font. Debian: apt-get install fonts-dejavu-core'
    fi
}

# A PDF is made with pango, which no wheel carries. Without it a node works, and its pages are printed by the browser.
PANGO='libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0'

usable_pango() { "$venv/bin/python" -c 'import weasyprint' >/dev/null 2>&1; }

find_pango() {
    if [ -f "$venv/pango" ] || usable_pango; then : >"$venv/pango" && return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing pango from the system's packages"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null >&2 || true
        # shellcheck disable=SC2086  # several packages
        apt-get install -y -qq --no-install-recommends $PANGO </dev/null >"$venv/apt-pango.log" 2>&1 || true
    fi
    if usable_pango; then
        : >"$venv/pango"
    else
        loud 'Pango is not here and could not be installed: pages are printed by the browser, and NO PDF is made.' \
             "Debian 12:    apt-get install $PANGO"
    fi
}

# The PKCS#11 module of the tests of keys in a token. Nobody but they needs it.
usable_softhsm() {
    command -v softhsm2-util >/dev/null && [ -f "${SERAI_SOFTHSM:-/usr/lib/softhsm/libsofthsm2.so}" ]
}

find_softhsm() {
    if usable_softhsm; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing SoftHSM from the system's packages"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null >&2 || true
        apt-get install -y -qq --no-install-recommends softhsm2 </dev/null >"$venv/apt-softhsm.log" 2>&1 || true
    fi
    if ! usable_softhsm; then
        loud 'SoftHSM is not here and could not be installed: keys in a PKCS#11 TOKEN ARE NOT TESTED.' \
             'Debian 12:    apt-get install softhsm2' \
             'elsewhere:    install SoftHSM 2.6, and name its module: SERAI_SOFTHSM=/path/to/libsofthsm2.so make test'
    fi
}

# What tests need of npm comes by the hashes of a lock; nothing of it runs then but what our own package.json says.
from_npm() { # from_npm SOURCES NAME WHAT MISSING
    folder="$root/.cache/$2"
    if [ "$(cat "$folder/installed" 2>/dev/null)" = "$(cat "$1/package-lock.json")" ]; then return; fi
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$1/package.json" "$1/package-lock.json" "$folder"
    say "installing $3"
    if (cd "$folder" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=0 \
        && npm run --if-present unpack) </dev/null >"$folder/npm.log" 2>&1; then
        cp "$1/package-lock.json" "$folder/installed"
    else
        loud "No npm is here, or it reached nothing: $4." \
             "Why: $folder/npm.log. Install Node.js 20 or later with npm, then: make test"
    fi
}

make_venv
case $scope in
    runtime) if [ ! -f "$venv/installed-full" ]; then install_lock runtime deploy/requirements.lock; fi ;;
    full) install_lock full requirements.lock ;;
    *) say "unknown scope: $scope" && exit 2 ;;
esac
find_pango
"$venv/bin/python" tools/link.py  # the project runs from this folder: nothing is built
if [ "$scope" = full ]; then
    find_browser
    find_softhsm
    from_npm tests/e2e/oidc identity-provider 'the identity provider of the sign-in test' \
        'SIGNING IN IS NOT TESTED with a real identity provider'
    from_npm tests/e2e/oldest oldest-browser 'the oldest browser that the pages are for' \
        'the pages are NOT TESTED in the oldest browser'
fi
