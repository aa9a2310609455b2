#!/bin/sh
# Process 1 of an enclosure becomes systemd, as the manager of a machine on which nothing but
# Holdfast is installed, as deploy/README.md says. What it writes is in memory and goes with it.
#
# Arguments: a folder, the root of the repository, node, and with or without koffi ("koffi", "-").
set -eu
folder=$1 repository=$2 node=$3 koffi=$4
root=$folder/root
units=/lib/systemd/system

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$root"
# The machine as it is, and what is written lies over it.
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

# Of the units of the machine only what ours rest upon.
for place in etc/systemd/system usr/lib/systemd/system usr/lib/systemd/system-generators; do
  mount -t tmpfs -o mode=755 tmpfs "$place"
done
for unit in basic sysinit sockets shutdown network network-online multi-user; do
  cp "$units/$unit.target" usr/lib/systemd/system/
done
cp "$units"/systemd-journald.service "$units"/systemd-journald*.socket usr/lib/systemd/system/
printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.socket\n' \
  >usr/lib/systemd/system/start.target

modules=opt/holdfast/node_modules
mkdir -p "$modules/holdfast/dist" etc/holdfast
rm -rf etc/holdfast/* "$modules/koffi"
cp "$repository/package.json" "$modules/holdfast/"
mount --bind "$repository/dist" "$modules/holdfast/dist"
names='commander ws'
if [ "$koffi" = koffi ]; then names="$names koffi @koromix"; fi
for name in $names; do
  mkdir "$modules/$name"
  mount --bind "$repository/node_modules/$name" "$modules/$name"
done
rm -f usr/bin/node
touch usr/bin/node
mount --bind "$node" usr/bin/node
cp "$repository/deploy/holdfast.service" "$repository/deploy/holdfast.socket" etc/systemd/system/
ip link set lo up

mkdir -p mnt/before
pivot_root . mnt/before
cd /
umount -l mnt/before
# As systemd has it everywhere but in a container: what it mounts for a service has to get there.
mount --make-rshared /
exec env -i container=holdfast PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=start.target --show-status=no \
  --log-target=journal --log-level=debug
