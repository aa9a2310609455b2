/*
 * When a connection owes an acknowledgement, and when it is written: at once after 32 KiB, else
 * within 100 ms, so that small messages share one.
 *
 * Easy to break: orders that do not run the loop have to call `acknowledgements_flush` themselves.
 */
#ifndef LOAD_ACKNOWLEDGEMENTS_H
#define LOAD_ACKNOWLEDGEMENTS_H

#include "load.h"

/** The connection has received bytes that no ACK covers. */
void acknowledgements_owe(struct load *load, struct connection *c);

/** Writes those that are due. Returns when the next is, or UINT64_MAX. */
uint64_t acknowledgements_flush(struct load *load, uint64_t now);

#endif
