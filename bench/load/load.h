/*
 * The one state of the load generator: what it was asked to speak, its connections, and the order
 * that runs now.
 *
 * Easy to break: connections have stable addresses (`table`), but no stable place among the open
 * ones (`open`), since closing one moves the last into its place.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clocks.h"
#include "connection.h"
#include "protocol.h"

enum { ERROR_BYTES_MAX = 240 };

/** What the order that runs wants to know. Each part may be NULL. */
struct phase {
  /** Something came on an open connection. */
  void (*heard)(struct phase *phase, struct connection *c, const struct heard *heard, uint64_t now);
  /** A handshake is done; without this the connection counts as open. */
  void (*ready)(struct phase *phase, struct connection *c, uint64_t now);
  /** The server closed a connection, or refused it while it was opening. */
  void (*gone)(struct phase *phase, struct connection *c);
};

struct due_ack {
  uint64_t due_at;
  uint32_t slot;
};

struct load {
  const struct protocol *protocol;
  const char *host;
  struct sockaddr_in address;
  struct watched_server server;
  /** At most so many connections are opening at a time. */
  uint32_t handshakes_max;

  int epoll_fd;
  struct phase *phase;
  /** Connections count as open once their first beat is written. */
  bool opens_silently;

  struct connection *table;
  uint32_t capacity;
  uint32_t *free_slots;
  uint32_t free_count;
  struct connection **open;
  uint32_t open_count;
  uint64_t dial_count;

  /** A ring: all wait equally long, so the first in is the first due. */
  struct due_ack *acks;
  uint32_t acks_first;
  uint32_t acks_count;

  /** Shared by all connections; what is left of a frame moves to the connection. */
  uint8_t *buffer;
  /** Room for one message, header before body. */
  uint8_t *message;

  uint64_t closed_by_server;
  uint64_t beats;
  char error[ERROR_BYTES_MAX];
};

/** Notes why the order cannot be done; the first reason stays. */
void load_fail(struct load *load, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
