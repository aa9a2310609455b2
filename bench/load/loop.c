/* See loop.h. */
#define _GNU_SOURCE

#include "loop.h"

#include <sys/epoll.h>
#include <time.h>

#include "acknowledgements.h"
#include "clocks.h"
#include "connections.h"

enum { BATCH = 1024, CATCH_UP_TURNS_MAX = 64 };

int loop_turn(struct load *load, uint64_t until) {
  static struct epoll_event events[BATCH];
  uint64_t now = now_ns();
  uint64_t ack_due_at = acknowledgements_flush(load, now);
  if (ack_due_at < until) until = ack_due_at;
  uint64_t wait = until > now ? until - now : 0;
  struct timespec timeout = {.tv_sec = (time_t)(wait / NS_PER_S),
                             .tv_nsec = (long)(wait % NS_PER_S)};
  int count = epoll_pwait2(load->epoll_fd, events, BATCH, &timeout, NULL);
  for (int i = 0; i < count; i++) {
    connections_event(load, events[i].data.ptr, events[i].events, now_ns());
  }
  return count;
}

void loop_catch_up(struct load *load) {
  for (int turn = 0; turn < CATCH_UP_TURNS_MAX; turn++) {
    if (loop_turn(load, 0) <= 0) return;
  }
}
