/*
 * `keep` and `fall-silent`: connections that beat like clients in the world, each at its interval,
 * and what becomes of them when they stop.
 *
 * Easy to break: each connection has a moment of its own within the interval, which others that go
 * must not move, or a live one would be late. So the order of a snapshot counts, and not that of
 * the open ones, in which the last takes the place of one that was closed.
 */
#include <stdlib.h>

#include "connections.h"
#include "loop.h"
#include "phases.h"

#define TURN_NS (100 * NS_PER_MS)
/** At most so many beats between two looks at what came. */
enum { BURST_MAX = 256 };

struct keeping {
  struct phase phase;
  struct result *result;
};

static void on_heard(struct phase *phase, struct connection *c, const struct heard *heard,
                     uint64_t now) {
  struct keeping *keeping = (struct keeping *)phase;
  if (heard->counts[HEARD_ANSWER] == 0 || c->outstanding == 0) return;
  keeping->result->count += c->outstanding;
  c->outstanding = 0;
  histogram_add(&keeping->result->latency, now - c->sent_at);
}

static void on_gone(struct phase *phase, struct connection *c) {
  struct keeping *keeping = (struct keeping *)phase;
  if (c->state == STATE_OPEN) keeping->result->lost++;
}

static struct connection **snapshot(struct load *load) {
  struct connection **kept = malloc(load->open_count * sizeof(struct connection *));
  if (kept == NULL) load_fail(load, "there is not enough memory");
  for (uint32_t i = 0; kept != NULL && i < load->open_count; i++) kept[i] = load->open[i];
  return kept;
}

/** The moment of beat number `beat`, with `count` connections taking turns. */
static uint64_t due_at(uint64_t began_at, uint64_t beat, uint32_t count, double every_ms) {
  return began_at + (uint64_t)((double)beat * every_ms / count * (double)NS_PER_MS);
}

static void beat(struct load *load, struct connection *c, struct result *result) {
  uint8_t out[SMALL_BYTES_MAX];
  /* Nobody dials while this runs, so a slot that was given back stays free. */
  if (c->state != STATE_OPEN) return;
  c->sent_at = now_ns();
  c->outstanding++;
  connection_send(c, out, load->protocol->ping(c, out));
  result->sent++;
}

void run_keep(struct load *load, double every_ms, double seconds, struct result *result) {
  if (!some_are_open(load)) return;
  uint32_t count = load->open_count;
  struct connection **kept = snapshot(load);
  if (kept == NULL) return;
  struct keeping keeping = {{.heard = on_heard, .gone = on_gone}, .result = result};
  loop_catch_up(load);
  load->phase = &keeping.phase;
  result->has_latency = true;
  result_begin(load, result);
  uint64_t began_at = result->began.at;
  uint64_t until = after_seconds(began_at, seconds);
  uint64_t done = 0;
  for (uint64_t now = now_ns(); now < until && load->open_count > 0; now = now_ns()) {
    for (uint32_t burst = 0; burst < BURST_MAX; burst++, done++) {
      if (due_at(began_at, done, count, every_ms) > now) break;
      beat(load, kept[done % count], result);
    }
    uint64_t next_at = due_at(began_at, done, count, every_ms);
    if (next_at > now + TURN_NS) next_at = now + TURN_NS;
    loop_turn(load, next_at < until ? next_at : until);
  }
  result_end(load, result);
  load->phase = NULL;
  free(kept);
}

struct silence {
  struct phase phase;
  struct result *result;
};

static void on_closed(struct phase *phase, struct connection *c) {
  struct silence *silence = (struct silence *)phase;
  if (c->state != STATE_OPEN) return;
  silence->result->count++;
  histogram_add(&silence->result->latency, now_ns() - c->sent_at);
}

/** Tells how long after its last beat each was closed. Ends when all are, or with the time. */
void run_fall_silent(struct load *load, double seconds, struct result *result) {
  if (!some_are_open(load)) return;
  struct silence silence = {{.gone = on_closed}, .result = result};
  load->phase = &silence.phase;
  result->has_latency = true;
  result_begin(load, result);
  uint64_t until = after_seconds(result->began.at, seconds);
  for (uint64_t now = now_ns(); now < until && load->open_count > 0; now = now_ns()) {
    loop_turn(load, now + TURN_NS < until ? now + TURN_NS : until);
  }
  result_end(load, result);
  load->phase = NULL;
}
