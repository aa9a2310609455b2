/*
 * Bytes that must wait: the beginning of a cut frame, or output that the kernel did not take.
 *
 * Easy to break: NULL is "nothing waits", so that idle connections cost no memory; only
 * `bytes_append` allocates.
 */
#ifndef LOAD_BYTES_H
#define LOAD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
  size_t length;
  size_t capacity;
  uint8_t data[];
};

/** False if that would be more than `length_max`; then nothing is appended. */
bool bytes_append(struct bytes **bytes, const void *data, size_t length, size_t length_max);

/** Drops the first bytes; frees all when none are left. */
void bytes_drop(struct bytes **bytes, size_t length);

void bytes_free(struct bytes **bytes);

#endif
