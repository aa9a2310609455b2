/*
 * `saturate`, and `echo` of small messages: so many pings are under way at any time, one on each
 * connection, around the ring of all.
 *
 * It has to cost less than the fastest server, and does so by two means. There is no epoll: pings
 * leave in batches, and before a batch leaves, its place in the window is awaited by sleeping until
 * one connection, the last of the oldest batch under way, can be read. Servers answer roughly in
 * order, so the others of that batch can be read as well. And an answer is read when its connection
 * is pinged again, since what the kernel knows of the connection is then fetched into the cache
 * once, not twice. Each ping costs one `send` and one `recv`.
 *
 * So times are those of the pings that were slept for, the last of each batch, and may include some
 * waiting behind others; in a window of up to 4 each is timed.
 *
 * Easy to break: answers may come in any order, late or never. The other batches are watched as
 * well, and a connection that has no answer at its next turn is passed over until it is lost.
 */
#define _GNU_SOURCE

#include "closed-loop.h"

#include <poll.h>

#include "acknowledgements.h"
#include "connections.h"
#include "loop.h"

enum { BATCHES = 4, PREFETCH_AHEAD = 4 };
#define SLEEP_NS NS_PER_MS

/** Pings that left together. `began_at` marks their connections, too. */
struct batch {
  /** The last of them; NULL if it has gone, or there never was one. */
  struct connection *last;
  uint64_t began_at;
  uint64_t ended_at;
  /** How many the batch in this place has; together they fill the window. */
  uint32_t pings;
};

struct saturating {
  struct phase phase;
  struct load *load;
  struct result *result;
  enum heard_kind answer;
  size_t body_bytes;
  struct batch batches[BATCHES];
  uint32_t batch_count;
  /** The oldest batch under way, and the place of the next. */
  uint32_t oldest;
  uint32_t next_open;
  /** What left up to here is known to be answered. */
  uint64_t answered_at;
};

static void on_gone(struct phase *phase, struct connection *c) {
  struct saturating *saturating = (struct saturating *)phase;
  if (c->outstanding > 0) saturating->result->lost++;
  for (uint32_t i = 0; i < saturating->batch_count; i++) {
    if (saturating->batches[i].last == c) saturating->batches[i].last = NULL;
  }
}

/** Reads the answer to the last ping, if it is there. True: the connection may be pinged. */
static bool take_answer(struct saturating *saturating, struct connection *c, uint64_t now) {
  if (c->outstanding == 0) return true;
  struct heard heard = {0};
  if (!connections_read(saturating->load, c, &heard, false)) return false;
  if (heard.counts[saturating->answer] > 0) {
    saturating->result->count++;
  } else if (now > c->sent_at + LOST_AFTER_NS) {
    saturating->result->lost++;
  } else {
    if (c->unsent != NULL) connection_flush(c);
    return false;
  }
  c->outstanding = 0;
  return true;
}

static void ping(struct saturating *saturating, struct connection *c, uint64_t now) {
  c->outstanding = 1;
  c->sent_at = now;
  saturating->result->sent++;
  if (saturating->body_bytes > 0) {
    connections_send_message(saturating->load, c, HEARD_ECHO, saturating->body_bytes);
    return;
  }
  uint8_t out[SMALL_BYTES_MAX];
  connection_send(c, out, saturating->load->protocol->ping(c, out));
}

/** The next batch, in the place of the oldest. */
static void send_batch(struct saturating *saturating) {
  struct load *load = saturating->load;
  struct batch *batch = &saturating->batches[saturating->oldest];
  batch->last = NULL;
  batch->began_at = now_ns();
  uint32_t sent = 0;
  for (uint32_t tries = load->open_count; tries > 0 && sent < batch->pings; tries--) {
    /* A connection that goes takes the last one's place, so the count changes. */
    if (load->open_count == 0) break;
    if (saturating->next_open >= load->open_count) saturating->next_open = 0;
    uint32_t place = saturating->next_open++;
    struct connection *c = load->open[place];
    if (place + PREFETCH_AHEAD < load->open_count) {
      __builtin_prefetch(load->open[place + PREFETCH_AHEAD], 1);
    }
    if (!take_answer(saturating, c, batch->began_at)) continue;
    ping(saturating, c, batch->began_at);
    batch->last = c;
    sent++;
  }
  batch->ended_at = now_ns();
  if (++saturating->oldest == saturating->batch_count) saturating->oldest = 0;
}

/** Sleeps until the oldest batch, or a later one, is answered, or has to be given up. */
static void await_oldest(struct saturating *saturating, uint64_t until) {
  struct pollfd watched[BATCHES];
  struct batch *oldest = &saturating->batches[saturating->oldest];
  for (uint32_t i = 0; i < saturating->batch_count; i++) {
    uint32_t place = (saturating->oldest + i) % saturating->batch_count;
    const struct connection *c = saturating->batches[place].last;
    watched[i] = (struct pollfd){.fd = c == NULL ? -1 : c->fd, .events = POLLIN};
    if (c != NULL && c->unsent != NULL) watched[i].events |= POLLOUT;
  }
  while (oldest->last != NULL) {
    struct timespec timeout = {.tv_nsec = SLEEP_NS};
    int ready = ppoll(watched, saturating->batch_count, &timeout, NULL);
    uint64_t now = now_ns();
    if (watched[0].revents != 0) {
      histogram_add(&saturating->result->latency, now - oldest->ended_at);
      saturating->answered_at = oldest->began_at;
      return;
    }
    if (ready > 0 || now > oldest->ended_at + LOST_AFTER_NS || now >= until) return;
  }
}

/**
 * After the window: answers to what is known to have been answered in it are counted, those that
 * were in flight are only awaited.
 */
static void drain(struct saturating *saturating) {
  struct load *load = saturating->load;
  struct result *result = saturating->result;
  uint64_t until = now_ns() + DRAIN_NS;
  for (bool is_last = false; !is_last;) {
    uint64_t now = now_ns();
    uint32_t under_way = 0;
    is_last = now >= until;
    for (uint32_t i = load->open_count; i > 0; i--) {
      struct connection *c = load->open[i - 1];
      if (c->outstanding == 0) continue;
      bool counts = c->sent_at <= saturating->answered_at;
      uint64_t before = result->count;
      /* By the time 0 nothing is lost yet: that is only said at the end. */
      if (!take_answer(saturating, c, 0)) under_way++;
      if (!counts) result->count = before;
    }
    if (under_way == 0) break;
    acknowledgements_flush(load, now);
    struct timespec pause = {.tv_nsec = SLEEP_NS};
    ppoll(NULL, 0, &pause, NULL);
  }
  for (uint32_t i = 0; i < load->open_count; i++) {
    result->lost += load->open[i]->outstanding;
    load->open[i]->outstanding = 0;
  }
}

void saturate_with(struct load *load, uint32_t window, double seconds, size_t body_bytes,
                   struct result *result) {
  struct saturating saturating = {
      {.gone = on_gone}, .load = load, .result = result, .body_bytes = body_bytes};
  saturating.answer = body_bytes > 0 ? HEARD_ECHO : load->protocol->ping_answer;
  if (window > load->open_count) window = load->open_count;
  saturating.batch_count = window < BATCHES ? window : BATCHES;
  for (uint32_t i = 0; i < window; i++) saturating.batches[i % saturating.batch_count].pings++;
  load->phase = &saturating.phase;
  result->has_latency = true;
  result_begin(load, result);
  uint64_t until = after_seconds(result->began.at, seconds);
  do {
    await_oldest(&saturating, until);
    send_batch(&saturating);
    acknowledgements_flush(load, now_ns());
  } while (now_ns() < until && load->open_count > 0);
  result_end(load, result);
  drain(&saturating);
  load->phase = NULL;
}

void run_saturate(struct load *load, uint32_t window, double seconds, struct result *result) {
  if (!some_are_open(load)) return;
  closed_loop_begin(load);
  saturate_with(load, window, seconds, 0, result);
  closed_loop_end(load);
}
