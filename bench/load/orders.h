/*
 * Orders: one line of text each, answered by one line of JSON.
 */
#ifndef LOAD_ORDERS_H
#define LOAD_ORDERS_H

#include "load.h"

/** Runs one order and writes its answer. `line` is cut into words in place. */
void orders_run(struct load *load, char *line);

#endif
