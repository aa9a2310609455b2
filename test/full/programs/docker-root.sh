#!/bin/sh
# Process 1 of an enclosure looks after dockerd, which is reached by a socket in the folder. What it
# stores is in memory and goes with it. It has no bridge and no rules: the machine's network is left
# alone, so an image is built with the network of the machine, and a container has only a loopback.
#
# Argument: a folder.
set -eu
folder=$1

mount --make-rprivate /
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir "$folder/data"
mount -t tmpfs -o mode=755 tmpfs "$folder/data"
mkdir "$folder/data/docker"
# Where dockerd and containerd would leave something.
for place in etc opt; do
  over=$folder/data/$place
  mkdir -p "/$place" "$over/upper" "$over/work"
  mount -t overlay -o "lowerdir=/$place,upperdir=$over/upper,workdir=$over/work" overlay "/$place"
done
# No exec: a shell that waits reaps what containers leave.
dockerd --data-root "$folder/data/docker" --exec-root /run/docker --pidfile /run/docker.pid \
  --host "unix://$folder/docker.sock" --group root --storage-driver overlay2 \
  --bridge none --iptables=false --ip6tables=false --ip-forward=false &
wait $!
