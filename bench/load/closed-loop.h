/*
 * What the two closed loops share: they take all connections out of epoll while they run.
 */
#ifndef LOAD_CLOSED_LOOP_H
#define LOAD_CLOSED_LOOP_H

#include "phases.h"

/** Older than this, an answer does not come any more, and its place is used again. */
#define LOST_AFTER_NS NS_PER_S

void closed_loop_begin(struct load *load);
void closed_loop_end(struct load *load);

/** Pings, or messages if `body_bytes` says how long they are, as fast as the server answers. */
void saturate_with(struct load *load, uint32_t window, double seconds, size_t body_bytes,
                   struct result *result);

#endif
