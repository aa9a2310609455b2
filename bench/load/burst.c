/*
 * `burst`: one ping on every open connection, as fast as they can be sent, then all the answers.
 *
 * Easy to break: the window that is told ends with the last ping, so that whoever holds a server
 * back meanwhile can see whether it was held for long enough; the answers come after it.
 */
#include "connections.h"
#include "loop.h"
#include "phases.h"

/** So long may the answers to all of them take. */
#define PATIENCE_NS (10 * NS_PER_S)
#define TURN_NS (100 * NS_PER_MS)

struct burst {
  struct phase phase;
  struct load *load;
  struct result *result;
  uint32_t under_way;
};

static void on_heard(struct phase *phase, struct connection *c, const struct heard *heard,
                     uint64_t now) {
  struct burst *burst = (struct burst *)phase;
  if (c->outstanding == 0 || heard->counts[burst->load->protocol->ping_answer] == 0) return;
  c->outstanding = 0;
  burst->under_way--;
  burst->result->count++;
  histogram_add(&burst->result->latency, now - c->sent_at);
}

static void on_gone(struct phase *phase, struct connection *c) {
  struct burst *burst = (struct burst *)phase;
  if (c->outstanding == 0) return;
  c->outstanding = 0;
  burst->under_way--;
  burst->result->lost++;
}

static void send_all(struct burst *burst) {
  struct load *load = burst->load;
  uint8_t out[SMALL_BYTES_MAX];
  for (uint32_t place = 0; place < load->open_count; place++) {
    struct connection *c = load->open[place];
    c->outstanding = 1;
    c->sent_at = now_ns();
    burst->under_way++;
    burst->result->sent++;
    connection_send(c, out, load->protocol->ping(c, out));
  }
}

void run_burst(struct load *load, struct result *result) {
  if (!some_are_open(load)) return;
  struct burst burst = {{.heard = on_heard, .gone = on_gone}, .load = load, .result = result};
  loop_catch_up(load);
  load->phase = &burst.phase;
  result->has_latency = true;
  result_begin(load, result);
  send_all(&burst);
  result_end(load, result);
  uint64_t until = now_ns() + PATIENCE_NS;
  while (burst.under_way > 0 && now_ns() < until) loop_turn(load, now_ns() + TURN_NS);
  for (uint32_t place = 0; place < load->open_count; place++) {
    result->lost += load->open[place]->outstanding;
    load->open[place]->outstanding = 0;
  }
  load->phase = NULL;
  fail_if_all_are_gone(load);
}
