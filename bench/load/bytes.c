/* See bytes.h. Grows by doubling, so that a slow reader costs few copies. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 64 };

bool bytes_append(struct bytes **bytes, const void *data, size_t length, size_t length_max) {
  size_t before = *bytes == NULL ? 0 : (*bytes)->length;
  if (length == 0) return true;
  if (before + length > length_max) return false;
  size_t capacity = *bytes == NULL ? 0 : (*bytes)->capacity;
  if (before + length > capacity) {
    if (capacity < CAPACITY_MIN) capacity = CAPACITY_MIN;
    while (capacity < before + length) capacity *= 2;
    struct bytes *grown = realloc(*bytes, sizeof(struct bytes) + capacity);
    if (grown == NULL) return false;
    grown->length = before;
    grown->capacity = capacity;
    *bytes = grown;
  }
  memcpy((*bytes)->data + before, data, length);
  (*bytes)->length = before + length;
  return true;
}

void bytes_drop(struct bytes **bytes, size_t length) {
  if (*bytes == NULL) return;
  if (length >= (*bytes)->length) {
    bytes_free(bytes);
    return;
  }
  (*bytes)->length -= length;
  memmove((*bytes)->data, (*bytes)->data + length, (*bytes)->length);
}

void bytes_free(struct bytes **bytes) {
  free(*bytes);
  *bytes = NULL;
}
