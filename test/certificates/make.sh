#!/bin/sh
# Makes the certificates of the tests, once; they are checked in, so that tests need no openssl.
# Run it in its own folder. Everything but what has expired, or is not valid yet, lasts to 2120.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem

days_to_2120=34000
subject='/O=Holdfast tests/CN='

authority() { # file, name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
    -days "$days_to_2120" -subj "$subject$2" -keyout "$1-key.pem" -out "$1.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# File, name, authority, extensions, and perhaps begin and end as YYYYMMDDHHMMSSZ.
leaf() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
    -subj "$subject$2" -keyout "$1-key.pem" -out "$1.csr"
  folder=$(mktemp -d)
  : >"$folder/index"
  cat >"$folder/config" <<CONFIG
[ca]
default_ca = here
[here]
database = $folder/index
new_certs_dir = $folder
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
organizationName = optional
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
$4
CONFIG
  openssl ca -batch -notext -config "$folder/config" -cert "$3.pem" -keyfile "$3-key.pem" \
    -startdate "${5:-20200101000000Z}" -enddate "${6:-21200101000000Z}" \
    -in "$1.csr" -out "$1.pem"
  rm -r "$folder" "$1.csr"
}

authority authority 'test authority'
authority other-authority 'another test authority'

for_servers='extendedKeyUsage = serverAuth'
for_clients='extendedKeyUsage = clientAuth'
local_names='subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1'
leaf localhost localhost authority "$for_servers
$local_names"
leaf renewed 'localhost, renewed' authority "$for_servers
$local_names"
leaf other other.example authority "$for_servers
subjectAltName = DNS:other.example"
leaf wildcard '*.example.org' authority "$for_servers
subjectAltName = DNS:*.example.org"
leaf expired localhost authority "$for_servers
$local_names" 20200101000000Z 20210101000000Z
leaf not-yet localhost authority "$for_servers
$local_names" 21100101000000Z 21200101000000Z
leaf client 'device 7' authority "$for_clients
subjectAltName = DNS:device-7.example"
leaf expired-client 'device 8' authority "$for_clients" 20200101000000Z 20210101000000Z
leaf strange-client 'device 9' other-authority "$for_clients"

openssl pkcs8 -topk8 -v2 aes-256-cbc -in localhost-key.pem -out encrypted-key.pem \
  -passout pass:open-sesame
# What signs is not needed any more.
rm authority-key.pem other-authority-key.pem
