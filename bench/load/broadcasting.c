/*
 * `broadcast`: one connection sends a message that the server gives to all; when all have it, the
 * next one is sent.
 *
 * Easy to break: whoever has not received the message is marked as outstanding, since a server
 * that is overrun may drop it for some; then the next one is sent after a second.
 */
#include "connections.h"
#include "loop.h"
#include "phases.h"

#define LOST_AFTER_NS NS_PER_S

struct broadcasting {
  struct phase phase;
  struct load *load;
  struct result *result;
  uint32_t missing;
  uint64_t sent_at;
  bool is_over;
};

static void on_heard(struct phase *phase, struct connection *c, const struct heard *heard,
                     uint64_t now) {
  struct broadcasting *broadcasting = (struct broadcasting *)phase;
  if (heard->counts[HEARD_BROADCAST] == 0 || c->outstanding == 0) return;
  c->outstanding = 0;
  broadcasting->missing--;
  histogram_add(&broadcasting->result->latency, now - broadcasting->sent_at);
  if (!broadcasting->is_over) broadcasting->result->count++;
}

static void on_gone(struct phase *phase, struct connection *c) {
  struct broadcasting *broadcasting = (struct broadcasting *)phase;
  if (c->outstanding == 0) return;
  broadcasting->missing--;
  broadcasting->result->lost++;
}

static void send_one(struct broadcasting *broadcasting, size_t body_bytes) {
  struct load *load = broadcasting->load;
  for (uint32_t i = 0; i < load->open_count; i++) load->open[i]->outstanding = 1;
  broadcasting->missing = load->open_count;
  broadcasting->sent_at = now_ns();
  broadcasting->result->sent++;
  connections_send_message(load, load->open[0], HEARD_BROADCAST, body_bytes);
}

/** Waits until all have the message, or a second has passed since it was sent. */
static void await_all(struct broadcasting *broadcasting, uint64_t until) {
  uint64_t lost_at = broadcasting->sent_at + LOST_AFTER_NS;
  while (broadcasting->missing > 0) {
    uint64_t now = now_ns();
    if (now >= lost_at || now >= until) return;
    loop_turn(broadcasting->load, lost_at < until ? lost_at : until);
  }
}

static void give_up_missing(struct broadcasting *broadcasting) {
  struct load *load = broadcasting->load;
  broadcasting->result->lost += broadcasting->missing;
  for (uint32_t i = 0; i < load->open_count; i++) load->open[i]->outstanding = 0;
  broadcasting->missing = 0;
}

void run_broadcast(struct load *load, size_t bytes, double seconds, struct result *result) {
  if (!some_are_open(load)) return;
  size_t body_bytes = connections_make_body(load, HEARD_BROADCAST, bytes);
  if (body_bytes == 0 || !subscribe_all(load, HEARD_BROADCAST)) return;
  struct broadcasting broadcasting = {
      {.heard = on_heard, .gone = on_gone}, .load = load, .result = result};
  loop_catch_up(load);
  load->phase = &broadcasting.phase;
  result->has_latency = true;
  result_begin(load, result);
  uint64_t until = after_seconds(result->began.at, seconds);
  while (now_ns() < until && load->open_count > 0) {
    send_one(&broadcasting, body_bytes);
    await_all(&broadcasting, until);
    if (broadcasting.missing > 0 && now_ns() < until) give_up_missing(&broadcasting);
  }
  result_end(load, result);
  broadcasting.is_over = true;
  await_all(&broadcasting, now_ns() + DRAIN_NS);
  give_up_missing(&broadcasting);
  load->phase = NULL;
  fail_if_all_are_gone(load);
}
