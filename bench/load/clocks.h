/*
 * Time and processor time, in nanoseconds.
 *
 * Easy to break: a measured window begins and ends at one moment for all clocks, so they are read
 * together, and nothing else happens in between.
 */
#ifndef LOAD_CLOCKS_H
#define LOAD_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)

enum { SERVER_PIDS_MAX = 64 };

/** Whose time is read. `core` is the one that they are pinned to, or -1. */
struct watched_server {
  pid_t pids[SERVER_PIDS_MAX];
  uint32_t pid_count;
  int core;
};

struct reading {
  uint64_t at;
  uint64_t load_cpu;
  uint64_t server_cpu;
  /** There are server processes, and all of them live. */
  bool has_server;
  /**
   * How long the server's core had nothing to do. A clock of the process does not show what the
   * kernel's own threads do there for its sake.
   */
  uint64_t core_idle;
  bool has_idle;
};

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

struct reading clocks_read(const struct watched_server *server);

#endif
