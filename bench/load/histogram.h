/*
 * Latencies in logarithmic buckets: 64 for each power of two, so that a value is known to 0.8 %.
 *
 * Easy to break: adding is on the hot path, and is a shift and an increment.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

enum { SUB_BUCKET_BITS = 6, SUB_BUCKETS = 1 << SUB_BUCKET_BITS, BUCKETS = 40 * SUB_BUCKETS };

struct histogram {
  uint64_t count;
  uint64_t max;
  uint64_t buckets[BUCKETS];
};

void histogram_clear(struct histogram *histogram);

static inline void histogram_add(struct histogram *histogram, uint64_t ns) {
  uint32_t shift = 0;
  if (ns >= 2 * SUB_BUCKETS) shift = (uint32_t)(63 - SUB_BUCKET_BITS - __builtin_clzll(ns));
  uint64_t bucket = ((uint64_t)shift << SUB_BUCKET_BITS) + (ns >> shift);
  histogram->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  histogram->count++;
  if (ns > histogram->max) histogram->max = ns;
}

/** The value that `ratio` of all values do not exceed, in nanoseconds; 0 if there are none. */
double histogram_quantile(const struct histogram *histogram, double ratio);

#endif
