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
        hub_url=https://hub.serai.example:8443
        ;;
    local)
        desk=${2:?folder} inside=$2 secrets=$2/secrets
        mkdir -p "$secrets"
        for name in hub $units; do openssl rand -base64 33 >"$secrets/${name}_passphrase"; done
        at() { shift && serai "$@"; }
        home() { echo "$desk/$1"; }
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

hub() { at hub hub "$@" --home "$(home hub)" --passphrase-file "$secrets/hub_passphrase"; }
keeper() { # keeper NUMBER: his root
    echo "--root $inside/roots/root-$1 --root-passphrase-file $inside/root-$1.passphrase"
}

requests='' read=''
for unit in $units; do
    class=MEMBER
    if [ "$unit" = caricc ]; then class=REGIONAL_BODY; fi
    id=$(echo "$unit" | tr '[:lower:]' '[:upper:]')
    # shellcheck disable=SC2046  # one word an option
    hub invite "$id" --name-en "$id: trial unit" --name-ru "$id: пробное подразделение" --agency POLICE --class "$class" \
        --language en --language ru --time-zone UTC --out "$inside/$unit.invitation" $(keeper 1)
    asked=$(at "$unit" node init --home "$(home "$unit")" --request "$inside/$unit.request" "$inside/$unit.invitation" \
        --passphrase-file "$secrets/${unit}_passphrase" --root-passphrase-file "$inside/$unit-root.passphrase")
    requests="$requests $inside/$unit.request"
    read="$read --fingerprint $(printf '%s\n' "$asked" | sed -n 's/^fingerprint[[:space:]]*//p' | tr ' ' -)"
done

for number in 1 2; do
    # shellcheck disable=SC2046,SC2086  # one word a request, an option, a fingerprint
    hub enrol $requests $read --everybody RESTR $(keeper $number)
done

for unit in $units; do
    at "$unit" node join --home "$(home "$unit")" --fingerprint "$fingerprint" \
        --passphrase-file "$secrets/${unit}_passphrase"
done
echo "founded: take $desk/roots away, each root to its keeper, and the root of each unit to the unit"
