/*
 * The event loop of all orders but the closed loop of pings, which reads by itself.
 */
#ifndef LOAD_LOOP_H
#define LOAD_LOOP_H

#include "load.h"

/** Handles what is there; waits for it until `until` at most. Returns how many events came. */
int loop_turn(struct load *load, uint64_t until);

/** Handles all that is there now, without waiting. */
void loop_catch_up(struct load *load);

#endif
