#!/bin/sh
# Founds a federation for a trial: a hub, three roots of which two sign, five units, everybody with everybody.
#
#   deploy/found.sh compose                in the containers of docker-compose.yml, after deploy/make-secrets.sh
#   deploy/found.sh local FOLDER           in FOLDER on this machine, with `serai` on the PATH
#
# In earnest each part happens at its own place: the hub at its operator's, each unit at the unit, the roots with their
# keepers, and fingerprints are compared by telephone. This script does the same steps in the same order at one desk.
set -eu
mode=${1:?compose or local}
units=${UNITS:-tj kg kz uz caricc}
umask 077

case $mode in
    compose)
        cd "$(dirname "$0")/.."
        desk=$(pwd)/deploy/ceremony inside=/ceremony secrets=/run/secrets
        mkdir -p "$desk"
        if [ "$(id -u)" = 0 ]; then chown 10001:10001 "$desk"; fi
        docker compose up --detach --wait database
        at() { place=$1 && shift && docker compose run --rm --no-deps -T --volume "$desk:$inside" "$place" "$@"; }
        home() { echo /data; }
        anchor() { docker compose run --rm --no-deps -T --entrypoint cat hub /data/anchor.json; }
        hub_url=https://hub.serai.example:8443
        ;;
    local)
        desk=${2:?folder} inside=$2 secrets=$2/secrets
        mkdir -p "$secrets"
        for name in hub $units; do openssl rand -base64 33 >"$secrets/${name}_passphrase"; done
        at() { shift && serai "$@"; }
        home() { echo "$desk/$1"; }
        anchor() { cat "$desk/hub/anchor.json"; }
        hub_url=${HUB_URL:-http://127.0.0.1:8440}
        ;;
    *) echo "unknown mode $mode" >&2 && exit 2 ;;
esac

for number in 1 2 3; do
    [ -s "$desk/root-$number.passphrase" ] || openssl rand -base64 33 >"$desk/root-$number.passphrase"
done
for unit in $units; do [ -s "$desk/$unit-root.passphrase" ] || openssl rand -base64 33 >"$desk/$unit-root.passphrase"; done
if [ "$mode" = compose ] && [ "$(id -u)" = 0 ]; then chown -R 10001:10001 "$desk"; fi

made=$(at hub hub init --home "$(home hub)" --name hub.serai.example --public-url "$hub_url" --federation trial \
    --roots 3 --threshold 2 --roots-folder "$inside/roots" --passphrase-file "$secrets/hub_passphrase" \
    --root-passphrase-file "$inside/root-1.passphrase" --root-passphrase-file "$inside/root-2.passphrase" \
    --root-passphrase-file "$inside/root-3.passphrase")
fingerprint=$(printf '%s\n' "$made" | sed -n 's/^fingerprint[[:space:]]*//p')

describe() { # describe UNIT: its settings, and what stands on its card
    class=MEMBER
    if [ "$1" = caricc ]; then class=REGIONAL_BODY; fi
    id=$(echo "$1" | tr '[:lower:]' '[:upper:]')
    cat <<END
unit = "$id"
env = "live"
hub_url = "$hub_url"

[card]
names = { en = "$id: trial unit", ru = "$id: пробное подразделение" }
agencies = ["POLICE"]
languages = ["en", "ru"]
unit_class = "$class"
accreditation = "RESTR"
END
}

cards=''
for unit in $units; do
    describe "$unit" >"$desk/$unit.toml"
    if [ "$mode" = compose ] && [ "$(id -u)" = 0 ]; then chown 10001:10001 "$desk/$unit.toml"; fi
    at "$unit" node init --home "$(home "$unit")" --card "$inside/$unit.card" "$inside/$unit.toml" \
        --passphrase-file "$secrets/${unit}_passphrase" --root-passphrase-file "$inside/$unit-root.passphrase"
    cards="$cards $inside/$unit.card"
done

# shellcheck disable=SC2086  # one word a card
at hub hub enrol --home "$(home hub)" $cards --everybody RESTR --passphrase-file "$secrets/hub_passphrase" \
    --root "$inside/roots/root-1" --root "$inside/roots/root-2" \
    --root-passphrase-file "$inside/root-1.passphrase" --root-passphrase-file "$inside/root-2.passphrase"

anchor >"$desk/anchor.json"
if [ "$mode" = compose ] && [ "$(id -u)" = 0 ]; then chown 10001:10001 "$desk/anchor.json"; fi
for unit in $units; do
    at "$unit" node join --home "$(home "$unit")" "$inside/anchor.json" --fingerprint "$fingerprint" \
        --passphrase-file "$secrets/${unit}_passphrase"
done
echo "founded: take $desk/roots away, each root to its keeper, and the root of each unit to the unit"
