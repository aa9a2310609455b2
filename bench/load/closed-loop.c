/*
 * `echo`: so many messages are under way at any time, each on a connection of its own.
 *
 * Small ones go the way of pings, see saturating.c. Large ones must be read as they come, or they
 * would fill the kernel's buffers: the oldest under way is read, and only when it is not ready
 * we sleep, until one that was sent later is. So a time that is measured here may include some
 * waiting behind others; a window of 1 has none.
 *
 * Easy to break: answers may come in any order, late or never. Whoever is not ready is passed over
 * after each sleep, and given up after a second, so that nobody holds up the rest.
 */
#define _GNU_SOURCE

#include "closed-loop.h"

#include <poll.h>
#include <stdlib.h>

#include "acknowledgements.h"
#include "connections.h"
#include "loop.h"

#define SLEEP_NS NS_PER_MS
enum { WATCHED_MAX = 8, SMALL_MESSAGE_BYTES = 2048 };

struct under_way {
  struct connection *c;
  uint64_t sent_at;
};

struct closed_loop {
  struct phase phase;
  struct load *load;
  struct result *result;
  size_t body_bytes;
  struct under_way *ring;
  uint32_t window;
  uint32_t cursor;
  /** How many are looked at before it sleeps again. */
  uint32_t looks_left;
  uint32_t next_open;
  bool is_over;
};

/** The next connection in the ring of all that has nothing under way. */
static struct connection *next_free(struct closed_loop *loop) {
  struct load *load = loop->load;
  for (uint32_t tries = 0; tries < load->open_count; tries++) {
    if (loop->next_open >= load->open_count) loop->next_open = 0;
    struct connection *c = load->open[loop->next_open++];
    if (c->outstanding == 0) return c;
  }
  return NULL;
}

static void send_next(struct closed_loop *loop, struct under_way *place, uint64_t now) {
  struct connection *c = loop->is_over ? NULL : next_free(loop);
  place->c = c;
  if (c == NULL) return;
  place->sent_at = now;
  c->outstanding = 1;
  connections_send_message(loop->load, c, HEARD_ECHO, loop->body_bytes);
  loop->result->sent++;
}

/** A connection that goes takes its ping with it; its place is found empty later. */
static void on_gone(struct phase *phase, struct connection *c) {
  struct closed_loop *loop = (struct closed_loop *)phase;
  if (c->outstanding == 0) return;
  for (uint32_t i = 0; i < loop->window; i++) {
    if (loop->ring[i].c == c) loop->ring[i].c = NULL;
  }
  loop->result->lost++;
}

/** Looks at one place. True: it is done with, and the next ping is on its way. */
static bool look(struct closed_loop *loop, struct under_way *place, uint64_t *now) {
  struct connection *c = place->c;
  if (c == NULL) {
    send_next(loop, place, *now);
    return place->c != NULL;
  }
  struct heard heard = {0};
  if (!connections_read(loop->load, c, &heard, false)) return false;
  if (heard.counts[HEARD_ECHO] > 0) {
    *now = now_ns();
    histogram_add(&loop->result->latency, *now - place->sent_at);
    if (!loop->is_over) loop->result->count++;
  } else if (*now > place->sent_at + LOST_AFTER_NS) {
    loop->result->lost++;
  } else {
    if (c->unsent != NULL) connection_flush(c);
    return false;
  }
  c->outstanding = 0;
  send_next(loop, place, *now);
  return true;
}

static void watch(struct closed_loop *loop, struct pollfd *watched, uint32_t place) {
  const struct connection *c = loop->ring[place % loop->window].c;
  watched->fd = c == NULL ? -1 : c->fd;
  watched->events = POLLIN;
  if (c != NULL && c->unsent != NULL) watched->events |= POLLOUT;
}

/** Until a quarter of the window is most likely ready; a few are watched, in case it is not. */
static void sleep_until_ready(struct closed_loop *loop) {
  struct pollfd watched[WATCHED_MAX];
  uint32_t quarter = loop->window / 4;
  uint32_t count = loop->window <= WATCHED_MAX ? loop->window : 3;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t ahead = loop->window <= WATCHED_MAX ? i : quarter * (i + 1);
    watch(loop, &watched[i], loop->cursor + ahead);
  }
  struct timespec timeout = {.tv_nsec = SLEEP_NS};
  ppoll(watched, count, &timeout, NULL);
  loop->looks_left = loop->window <= WATCHED_MAX ? loop->window : quarter;
}

static void run_until(struct closed_loop *loop, uint64_t until) {
  uint64_t now = now_ns();
  while (now < until && loop->load->open_count > 0) {
    bool is_done = look(loop, &loop->ring[loop->cursor], &now);
    if (!is_done && loop->looks_left == 0) {
      acknowledgements_flush(loop->load, now);
      sleep_until_ready(loop);
      now = now_ns();
      continue;
    }
    if (loop->looks_left > 0) loop->looks_left--;
    if (++loop->cursor == loop->window) loop->cursor = 0;
  }
}

static uint32_t count_under_way(const struct closed_loop *loop) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < loop->window; i++) count += loop->ring[i].c != NULL;
  return count;
}

static void drain(struct closed_loop *loop) {
  uint64_t until = now_ns() + DRAIN_NS;
  loop->is_over = true;
  while (count_under_way(loop) > 0 && loop->load->open_count > 0 && now_ns() < until) {
    uint64_t now = now_ns();
    for (uint32_t i = 0; i < loop->window; i++) look(loop, &loop->ring[i], &now);
    acknowledgements_flush(loop->load, now);
    sleep_until_ready(loop);
  }
  for (uint32_t i = 0; i < loop->window; i++) {
    if (loop->ring[i].c == NULL) continue;
    loop->ring[i].c->outstanding = 0;
    loop->result->lost++;
  }
}

static void echo_large(struct load *load, uint32_t window, double seconds, size_t body_bytes,
                       struct result *result) {
  struct closed_loop loop = {
      {.gone = on_gone}, .load = load, .result = result, .body_bytes = body_bytes};
  loop.window = window < load->open_count ? window : load->open_count;
  loop.ring = calloc(loop.window, sizeof(struct under_way));
  if (loop.ring == NULL) {
    load_fail(load, "there is not enough memory");
    return;
  }
  load->phase = &loop.phase;
  result->has_latency = true;
  result_begin(load, result);
  for (uint32_t i = 0; i < loop.window; i++) send_next(&loop, &loop.ring[i], now_ns());
  run_until(&loop, after_seconds(result->began.at, seconds));
  result_end(load, result);
  drain(&loop);
  load->phase = NULL;
  free(loop.ring);
}

void closed_loop_begin(struct load *load) {
  loop_catch_up(load);
  for (uint32_t i = 0; i < load->open_count; i++) connections_unwatch(load, load->open[i]);
}

/** To be watched again tells at once what has come meanwhile. */
void closed_loop_end(struct load *load) {
  for (uint32_t i = 0; i < load->open_count; i++) connections_watch(load, load->open[i]);
  loop_catch_up(load);
  fail_if_all_are_gone(load);
}

void run_echo(struct load *load, size_t bytes, uint32_t window, double seconds,
              struct result *result) {
  if (!some_are_open(load)) return;
  size_t body_bytes = connections_make_body(load, HEARD_ECHO, bytes);
  if (body_bytes == 0 || !subscribe_all(load, HEARD_ECHO)) return;
  closed_loop_begin(load);
  if (bytes <= SMALL_MESSAGE_BYTES) {
    saturate_with(load, window, seconds, body_bytes, result);
  } else {
    echo_large(load, window, seconds, body_bytes, result);
  }
  closed_loop_end(load);
}
