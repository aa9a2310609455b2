/*
 * `open`, `open-silent` and `close-to`; and subscriptions, which open what an order needs.
 *
 * Easy to break: a server that is slow to accept is waited for, one that refuses is not. Only the
 * lack of progress ends the waiting.
 */
#include <errno.h>
#include <string.h>

#include "connections.h"
#include "loop.h"
#include "phases.h"

enum { SUBSCRIPTIONS_MAX = 512, REFUSALS_MAX = 1000 };
#define PATIENCE_NS (60 * NS_PER_S)
#define TURN_NS (100 * NS_PER_MS)

struct opening {
  struct phase phase;
  struct load *load;
  uint32_t in_flight;
  uint32_t refusals;
  uint32_t opened;
};

static void on_ready(struct phase *phase, struct connection *c, uint64_t now) {
  struct opening *opening = (struct opening *)phase;
  (void)now;
  opening->in_flight--;
  opening->opened++;
  connections_settle(opening->load, c);
}

static void on_gone(struct phase *phase, struct connection *c) {
  struct opening *opening = (struct opening *)phase;
  if (c->state == STATE_OPEN) return;
  opening->in_flight--;
  if (++opening->refusals > REFUSALS_MAX) {
    load_fail(opening->load, "the server closed %u connections before it had answered",
              opening->refusals);
  }
}

static void dial_more(struct opening *opening, uint32_t wanted) {
  struct load *load = opening->load;
  while (opening->in_flight < load->handshakes_max &&
         load->open_count + opening->in_flight < wanted) {
    if (connections_dial(load, now_ns()) == NULL) {
      /* Ports in TIME_WAIT come back; whatever else there is does not pass by waiting. */
      if (errno == EADDRNOTAVAIL && opening->in_flight > 0) return;
      load_fail(load, "could not open connection %u: %s",
                load->open_count + opening->in_flight + 1, strerror(errno));
      return;
    }
    opening->in_flight++;
  }
}

static void abandon_unfinished(struct load *load) {
  for (uint32_t slot = 0; slot < load->capacity; slot++) {
    struct connection *c = &load->table[slot];
    if (c->state == STATE_CONNECTING || c->state == STATE_GREETING) connections_close(load, c);
  }
}

void run_open(struct load *load, uint32_t wanted, bool silently, struct result *result) {
  struct opening opening = {{.ready = on_ready, .gone = on_gone}, .load = load};
  load->phase = &opening.phase;
  load->opens_silently = silently;
  result_begin(load, result);
  uint32_t progress = 0;
  uint64_t progress_at = now_ns();
  while (load->open_count < wanted && load->error[0] == '\0') {
    dial_more(&opening, wanted);
    loop_turn(load, now_ns() + TURN_NS);
    if (opening.opened != progress) {
      progress = opening.opened;
      progress_at = now_ns();
    } else if (now_ns() > progress_at + PATIENCE_NS) {
      load_fail(load, "no connection was opened for 60 s; %u of %u are open", load->open_count,
                wanted);
    }
  }
  result_end(load, result);
  load->opens_silently = false;
  load->phase = NULL;
  if (opening.in_flight > 0) abandon_unfinished(load);
  result->count = opening.opened;
  result->sent = opening.opened;
}

void run_close_to(struct load *load, uint32_t kept, struct result *result) {
  result_begin(load, result);
  while (load->open_count > kept) {
    connections_close(load, load->open[load->open_count - 1]);
    result->count++;
  }
  result_end(load, result);
}

struct subscribing {
  struct phase phase;
  uint8_t bit;
  uint32_t confirmed;
};

static void on_confirmed(struct phase *phase, struct connection *c, const struct heard *heard,
                         uint64_t now) {
  struct subscribing *subscribing = (struct subscribing *)phase;
  (void)now;
  /* NATS confirms with the answer to a ping. */
  if (heard->counts[HEARD_CONFIRMED] + heard->counts[HEARD_ANSWER] == 0) return;
  if ((c->subscribed & subscribing->bit) == 0) subscribing->confirmed++;
  c->subscribed |= subscribing->bit;
}

static bool all_are_subscribed(const struct load *load, uint8_t bit) {
  for (uint32_t i = 0; i < load->open_count; i++) {
    if ((load->open[i]->subscribed & bit) == 0) return false;
  }
  return true;
}

bool subscribe_all(struct load *load, enum heard_kind kind) {
  if (load->protocol->subscribe == NULL) return true;
  struct subscribing subscribing = {{.heard = on_confirmed}, .bit = (uint8_t)(1u << kind)};
  load->phase = &subscribing.phase;
  uint64_t progress_at = now_ns();
  uint32_t asked = 0;
  while (!all_are_subscribed(load, subscribing.bit)) {
    for (uint32_t batch = 0; batch < SUBSCRIPTIONS_MAX && asked < load->open_count; asked++) {
      struct connection *c = load->open[asked];
      uint8_t out[SMALL_BYTES_MAX];
      if ((c->subscribed & subscribing.bit) != 0) continue;
      connection_send(c, out, load->protocol->subscribe(c, kind, out));
      batch++;
    }
    uint32_t before = subscribing.confirmed;
    loop_turn(load, now_ns() + TURN_NS);
    if (subscribing.confirmed != before) {
      progress_at = now_ns();
    } else if (now_ns() > progress_at + PATIENCE_NS) {
      load_fail(load, "no subscription was confirmed for 60 s");
      break;
    }
  }
  load->phase = NULL;
  return load->error[0] == '\0' && some_are_open(load);
}

bool some_are_open(struct load *load) {
  if (load->open_count == 0) load_fail(load, "no connection is open");
  return load->open_count > 0;
}

void fail_if_all_are_gone(struct load *load) {
  if (load->open_count > 0) return;
  load_fail(load, "the server has closed all connections");
}
