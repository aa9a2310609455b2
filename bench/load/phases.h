/*
 * What can be ordered. Each function runs one order to its end, bounded in time, and leaves a
 * reason in `load->error` when it could not.
 */
#ifndef LOAD_PHASES_H
#define LOAD_PHASES_H

#include "result.h"

void run_open(struct load *load, uint32_t wanted, bool silently, struct result *result);
void run_close_to(struct load *load, uint32_t kept, struct result *result);
void run_idle(struct load *load, double seconds, struct result *result);
void run_beat(struct load *load, double rate, double seconds, struct result *result);
void run_one_way(struct load *load, double rate, double seconds, struct result *result);
void run_saturate(struct load *load, uint32_t window, double seconds, struct result *result);
void run_echo(struct load *load, size_t bytes, uint32_t window, double seconds,
              struct result *result);
void run_broadcast(struct load *load, size_t bytes, double seconds, struct result *result);
void run_churn(struct load *load, uint32_t window, double seconds, struct result *result);
void run_keep(struct load *load, double every_ms, double seconds, struct result *result);
void run_fall_silent(struct load *load, double seconds, struct result *result);
void run_burst(struct load *load, struct result *result);

/** Subscribes all open connections, where the protocol asks for that; false with a reason. */
bool subscribe_all(struct load *load, enum heard_kind kind);

/** False, with a reason, if nothing is open. */
bool some_are_open(struct load *load);

/** After an order has run: a reason if the server has left it without connections. */
void fail_if_all_are_gone(struct load *load);

/** After its window, an order waits so long for what is still in flight. */
#define DRAIN_NS NS_PER_S

static inline uint64_t after_seconds(uint64_t from, double seconds) {
  return from + (uint64_t)(seconds * (double)NS_PER_S);
}

#endif
