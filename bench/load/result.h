/*
 * What an order has measured, and how it is told: one line of JSON.
 *
 * Easy to break: answers in flight at the end are waited for outside of the window; they count
 * as latencies, but not as answers.
 */
#ifndef LOAD_RESULT_H
#define LOAD_RESULT_H

#include "clocks.h"
#include "histogram.h"
#include "load.h"

struct result {
  struct reading began;
  struct reading ended;
  uint64_t beats_before;
  uint64_t beats;
  uint64_t count;
  uint64_t sent;
  uint64_t lost;
  /** Times of this order are told, if there are any. */
  bool has_latency;
  struct histogram latency;
};

void result_begin(struct load *load, struct result *result);
void result_end(struct load *load, struct result *result);

/** Writes the answer to an order, or its error if `load->error` says one; clears both. */
void result_tell(struct load *load, const char *order, const struct result *result);

#endif
