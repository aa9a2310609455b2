/*
 * `churn`: connections that are opened, answered and closed again, so many at a time, beside those
 * that stay open.
 *
 * Easy to break: our side closes, so its ports stay in TIME_WAIT and may run out. Then the kernel
 * says so, and the next attempt waits a moment.
 */
#include <errno.h>
#include <string.h>

#include "connections.h"
#include "loop.h"
#include "phases.h"

#define PORTS_WAIT_NS NS_PER_MS
#define TURN_NS (10 * NS_PER_MS)
enum { REFUSALS_MAX = 1000 };

struct churning {
  struct phase phase;
  struct load *load;
  struct result *result;
  uint32_t in_flight;
  uint32_t refusals;
  uint64_t dials_again_at;
  bool is_over;
};

static void on_ready(struct phase *phase, struct connection *c, uint64_t now) {
  struct churning *churning = (struct churning *)phase;
  churning->in_flight--;
  histogram_add(&churning->result->latency, now - c->dialled_at);
  if (!churning->is_over) churning->result->count++;
  connections_close(churning->load, c);
}

static void on_gone(struct phase *phase, struct connection *c) {
  struct churning *churning = (struct churning *)phase;
  if (c->state == STATE_OPEN) return;
  churning->in_flight--;
  churning->result->lost++;
  if (++churning->refusals > REFUSALS_MAX) {
    load_fail(churning->load, "the server closed %u connections before it had answered",
              churning->refusals);
  }
}

static void dial_more(struct churning *churning, uint32_t window) {
  struct load *load = churning->load;
  uint64_t now = now_ns();
  if (now < churning->dials_again_at) return;
  while (churning->in_flight < window) {
    if (connections_dial(load, now_ns()) == NULL) {
      if (errno == EADDRNOTAVAIL || (errno == EMFILE && churning->in_flight > 0)) {
        churning->dials_again_at = now + PORTS_WAIT_NS;
      } else {
        load_fail(load, "could not open a connection: %s", strerror(errno));
      }
      return;
    }
    churning->in_flight++;
    churning->result->sent++;
  }
}

static void abandon(struct churning *churning) {
  struct load *load = churning->load;
  for (uint32_t slot = 0; slot < load->capacity && churning->in_flight > 0; slot++) {
    struct connection *c = &load->table[slot];
    if (c->state != STATE_CONNECTING && c->state != STATE_GREETING) continue;
    connections_close(load, c);
    churning->in_flight--;
    churning->result->lost++;
  }
}

void run_churn(struct load *load, uint32_t window, double seconds, struct result *result) {
  struct churning churning = {
      {.ready = on_ready, .gone = on_gone}, .load = load, .result = result};
  loop_catch_up(load);
  load->phase = &churning.phase;
  result->has_latency = true;
  result_begin(load, result);
  uint64_t until = after_seconds(result->began.at, seconds);
  for (uint64_t now = now_ns(); now < until && load->error[0] == '\0'; now = now_ns()) {
    dial_more(&churning, window);
    uint64_t turn_until = now + TURN_NS < until ? now + TURN_NS : until;
    if (churning.dials_again_at > now) turn_until = churning.dials_again_at;
    loop_turn(load, turn_until);
  }
  result_end(load, result);
  churning.is_over = true;
  uint64_t drained_at = now_ns() + DRAIN_NS;
  while (churning.in_flight > 0 && now_ns() < drained_at) loop_turn(load, drained_at);
  abandon(&churning);
  load->phase = NULL;
}
