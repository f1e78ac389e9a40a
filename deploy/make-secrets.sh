#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each a file of its own, into deploy/secrets (or the folder given).
# Run it once as root; what is there already stays. The certificate is self-signed, for a trial: put your own in its place.
set -eu
folder=${1:-$(dirname "$0")/secrets}
owner=10001 # the user inside the image
umask 077
mkdir -p "$folder"
cd "$folder"

random() { openssl rand -base64 33 | tr '+/' '-_'; }
once() { [ -s "$1" ] || random >"$1"; }

for name in hub tj kg kz uz caricc; do once "${name}_passphrase"; done
once postgres_password
printf 'database:5432:serai:serai:%s\n' "$(cat postgres_password)" >hub_pgpass
if [ ! -s tls_key ]; then
    names='DNS:hub.serai.example,DNS:tj.serai.example,DNS:kg.serai.example,DNS:kz.serai.example'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 90 -subj '/CN=serai.example' \
        -addext "subjectAltName=$names,DNS:uz.serai.example,DNS:caricc.serai.example" \
        -keyout tls_key -out tls_certificate 2>/dev/null
fi
if [ "$(id -u)" = 0 ]; then
    chown "$owner:$owner" ./*
    chown 101:101 tls_key        # the proxy's user
    chown 999:999 postgres_password # the database's user
    chmod 0755 .
    chmod 0444 tls_certificate   # not secret: nodes trust it, the proxy shows it
fi
printf 'secrets are in %s\n' "$(pwd)"
