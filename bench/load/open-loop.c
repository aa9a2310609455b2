/*
 * `idle`, `beat` and `one-way`: orders whose rate does not depend on the server.
 *
 * Easy to break: a connection can have several pings under way, and answers come in the order of
 * the pings. So each connection has a list of the times at which its pings were sent.
 */
#include <stdlib.h>

#include "connections.h"
#include "loop.h"
#include "phases.h"

/** At most so many answers are waited for at a time; beyond, a ping counts as lost. */
enum { PENDING_MAX = 1 << 20 };
/** Pings of so long are sent together: fewer wakeups, and no crowd that queues behind itself. */
#define BATCH_NS (200 * NS_PER_US)
#define LOST_AFTER_NS NS_PER_S
#define TURN_NS (100 * NS_PER_MS)

struct pending {
  uint64_t sent_at;
  /** In the frame dialect, which ping of the connection it was. */
  uint64_t seq;
  uint32_t next;
};

struct beating {
  struct phase phase;
  struct load *load;
  struct result *result;
  /** Place 0 is not used: it means "none". */
  struct pending *pool;
  uint32_t free_first;
  uint32_t pending_count;
  bool is_over;
};

static uint64_t pop(struct beating *beating, struct connection *c) {
  uint32_t place = c->pending_first;
  struct pending *pending = &beating->pool[place];
  c->pending_first = pending->next;
  c->outstanding--;
  pending->next = beating->free_first;
  beating->free_first = place;
  beating->pending_count--;
  return pending->sent_at;
}

static bool push(struct beating *beating, struct connection *c, uint64_t now) {
  uint32_t place = beating->free_first;
  if (place == 0) return false;
  beating->free_first = beating->pool[place].next;
  beating->pool[place] = (struct pending){.sent_at = now, .seq = c->seq};
  if (c->pending_first == 0) {
    c->pending_first = place;
  } else {
    beating->pool[c->pending_last].next = place;
  }
  c->pending_last = place;
  c->outstanding++;
  beating->pending_count++;
  return true;
}

/** One answer may stand for several pings: those before the answered ones got none of their own. */
static void skip_unanswered(struct beating *beating, struct connection *c,
                            const struct heard *heard, uint32_t answers) {
  uint32_t covered = 0;
  uint32_t place = c->pending_first;
  while (place != 0 && beating->pool[place].seq <= heard->answered_seq) {
    place = beating->pool[place].next;
    covered++;
  }
  for (; covered > answers; covered--) {
    pop(beating, c);
    beating->result->lost++;
  }
}

static void on_heard(struct phase *phase, struct connection *c, const struct heard *heard,
                     uint64_t now) {
  struct beating *beating = (struct beating *)phase;
  uint32_t answers = heard->counts[beating->load->protocol->ping_answer];
  if (heard->answered_seq > 0) skip_unanswered(beating, c, heard, answers);
  for (; answers > 0 && c->outstanding > 0; answers--) {
    histogram_add(&beating->result->latency, now - pop(beating, c));
    if (!beating->is_over) beating->result->count++;
  }
}

static void on_gone(struct phase *phase, struct connection *c) {
  struct beating *beating = (struct beating *)phase;
  while (c->outstanding > 0) {
    pop(beating, c);
    beating->result->lost++;
  }
}

/** Answers that were left out would otherwise shift the times of all that follow. */
static void forget_old(struct beating *beating, struct connection *c, uint64_t now) {
  while (c->outstanding > 0 &&
         beating->pool[c->pending_first].sent_at + LOST_AFTER_NS < now) {
    pop(beating, c);
    beating->result->lost++;
  }
}

/** Sends what is due, one beat on each connection in turn, and returns how many that were. */
static uint64_t send_beats(struct beating *beating, uint64_t count, uint32_t *cursor) {
  struct load *load = beating->load;
  uint8_t out[SMALL_BYTES_MAX];
  for (uint64_t i = 0; i < count && load->open_count > 0; i++) {
    if (*cursor >= load->open_count) *cursor = 0;
    struct connection *c = load->open[(*cursor)++];
    if (beating->pool == NULL) {
      connection_send(c, out, load->protocol->one_way(c, out));
      continue;
    }
    uint64_t now = now_ns();
    forget_old(beating, c, now);
    connection_send(c, out, load->protocol->ping(c, out));
    if (!push(beating, c, now)) beating->result->lost++;
  }
  return count;
}

static void beat_at_rate(struct beating *beating, double rate, double seconds) {
  struct load *load = beating->load;
  struct result *result = beating->result;
  uint64_t batch_max = (uint64_t)(rate * (double)NS_PER_MS / (double)NS_PER_S) + 1;
  uint64_t planned = (uint64_t)(rate * seconds + 0.5);
  uint64_t scheduled = 0;
  uint32_t cursor = 0;
  uint64_t began_at = result->began.at;
  uint64_t until = after_seconds(began_at, seconds);
  for (uint64_t now = now_ns(); now < until && load->open_count > 0; now = now_ns()) {
    uint64_t due = (uint64_t)((double)(now - began_at) / (double)NS_PER_S * rate) + 1;
    if (due > planned) due = planned;
    uint64_t batch = due - scheduled < batch_max ? due - scheduled : batch_max;
    scheduled += send_beats(beating, batch, &cursor);
    uint64_t next_at = after_seconds(began_at, (double)scheduled / rate);
    if (scheduled >= planned || next_at > until) next_at = until;
    if (next_at < until && next_at < now + BATCH_NS) next_at = now + BATCH_NS;
    loop_turn(load, due > scheduled ? 0 : next_at < until ? next_at : until);
  }
  result->sent = scheduled;
}

static void drain(struct beating *beating) {
  uint64_t until = now_ns() + DRAIN_NS;
  beating->is_over = true;
  while (beating->pending_count > 0 && now_ns() < until) loop_turn(beating->load, until);
  struct load *load = beating->load;
  for (uint32_t i = 0; i < load->open_count; i++) on_gone(&beating->phase, load->open[i]);
}

void run_beat(struct load *load, double rate, double seconds, struct result *result) {
  if (!some_are_open(load)) return;
  struct beating beating = {{.heard = on_heard, .gone = on_gone}, .load = load, .result = result};
  beating.pool = malloc((PENDING_MAX + 1) * sizeof(struct pending));
  if (beating.pool == NULL) {
    load_fail(load, "there is not enough memory");
    return;
  }
  for (uint32_t place = 1; place <= PENDING_MAX; place++) {
    beating.pool[place].next = place < PENDING_MAX ? place + 1 : 0;
  }
  beating.free_first = 1;
  loop_catch_up(load);
  load->phase = &beating.phase;
  result->has_latency = true;
  result_begin(load, result);
  beat_at_rate(&beating, rate, seconds);
  result_end(load, result);
  drain(&beating);
  load->phase = NULL;
  free(beating.pool);
  fail_if_all_are_gone(load);
}

void run_one_way(struct load *load, double rate, double seconds, struct result *result) {
  if (!some_are_open(load)) return;
  struct beating beating = {.load = load, .result = result};
  loop_catch_up(load);
  result_begin(load, result);
  beat_at_rate(&beating, rate, seconds);
  result_end(load, result);
  result->count = result->sent;
  fail_if_all_are_gone(load);
}

/** That the server closes all of them can be what is waited for, so it is no error here. */
void run_idle(struct load *load, double seconds, struct result *result) {
  result_begin(load, result);
  uint64_t until = after_seconds(result->began.at, seconds);
  for (uint64_t now = now_ns(); now < until; now = now_ns()) {
    loop_turn(load, now + TURN_NS < until ? now + TURN_NS : until);
  }
  result_end(load, result);
  result->count = result->beats;
}
