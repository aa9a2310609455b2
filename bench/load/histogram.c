/* See histogram.h. */
#include "histogram.h"

#include <string.h>

void histogram_clear(struct histogram *histogram) { memset(histogram, 0, sizeof(*histogram)); }

/** The middle of a bucket: the inverse of what `histogram_add` does. */
static double middle_of(uint64_t bucket) {
  if (bucket < 2 * SUB_BUCKETS) return (double)bucket;
  uint64_t shift = (bucket >> SUB_BUCKET_BITS) - 1;
  uint64_t low = (bucket - (shift << SUB_BUCKET_BITS)) << shift;
  return (double)low + (double)(UINT64_C(1) << shift) / 2;
}

double histogram_quantile(const struct histogram *histogram, double ratio) {
  uint64_t rank = (uint64_t)(ratio * (double)histogram->count);
  uint64_t seen = 0;
  for (uint64_t bucket = 0; bucket < BUCKETS; bucket++) {
    seen += histogram->buckets[bucket];
    if (seen <= rank) continue;
    double value = middle_of(bucket);
    return value < (double)histogram->max ? value : (double)histogram->max;
  }
  return (double)histogram->max;
}
