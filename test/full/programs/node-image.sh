#!/bin/sh
# Makes the root of an image that stands for node:22-slim where no registry of images is reached:
# that Node, npm, a shell and a few programs of this machine with their libraries, and the user.
#
# Arguments: where to, node, the folder of npm; npm's own settings come from standard input.
set -eu
root=$1 node=$2 npm=$3
mkdir -p "$root"
cd "$root"
mkdir -p usr/bin usr/sbin usr/lib usr/lib64 usr/local/bin usr/local/etc usr/local/lib/node_modules \
  etc/ssl/certs tmp root home/node proc sys dev
for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
chmod 1777 tmp
programs=
for name in sh env cat rm touch; do programs="$programs $(command -v "$name")"; done
for program in $programs; do cp -L "$program" usr/bin/; done
# shellcheck disable=SC2086 # It is a list of words.
for library in $(ldd $programs "$node" | grep -o '/[^ :]*\.so[^ ]*' | sort -u); do
  mkdir -p ".$(dirname "$library")"
  cp -L "$library" ".$library"
done
cp "$node" usr/local/bin/node
cp -r "$npm" usr/local/lib/node_modules/npm
ln -s ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
cat >usr/local/etc/npmrc
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  cp -L /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
fi
printf 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n' >etc/passwd
printf 'root:x:0:\nnode:x:1000:\n' >etc/group
chown 1000:1000 home/node
