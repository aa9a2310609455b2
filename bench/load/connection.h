/*
 * One connection, as small as can be: 15,000 of them are walked in a ring, so what a ping touches
 * is in the first 64 bytes.
 *
 * Easy to break: `skip_bytes` and `kept` exclude each other. Bytes are kept while a frame's
 * header is cut; once a message is recognised the rest of it is only counted, never stored.
 */
#ifndef LOAD_CONNECTION_H
#define LOAD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum connection_state { STATE_FREE, STATE_CONNECTING, STATE_GREETING, STATE_OPEN };

/** What a server can say, as far as the orders care. */
enum heard_kind {
  HEARD_ANSWER,    /* the answer to a ping */
  HEARD_ECHO,      /* our own message, sent back */
  HEARD_BROADCAST, /* a message to all */
  HEARD_ASKED,     /* the server's beat, which the protocol has answered */
  HEARD_CONFIRMED, /* a subscription stands */
  HEARD_OTHER,
  HEARD_KINDS
};

struct heard {
  uint32_t counts[HEARD_KINDS];
  bool is_ready;
  /** Which ping the last answer was to; 0 where answers have no number (all but frame). */
  uint64_t answered_seq;
};

struct connection {
  int fd;
  uint32_t slot;
  uint32_t place;
  uint8_t state;
  /** How far the protocol's handshake is; the protocol's own. */
  uint8_t step;
  uint8_t skip_kind;
  /** One bit for each kind of message that was subscribed to. */
  uint8_t subscribed;
  bool ack_queued;
  /** Pings or messages that are not answered yet. */
  uint32_t outstanding;
  uint64_t seq;
  uint64_t skip_bytes;
  struct bytes *kept;
  struct bytes *unsent;
  /** When the ping under way left, in a closed loop. */
  uint64_t sent_at;

  uint64_t dialled_at;
  /** Unique among all load generators of a machine. */
  uint64_t number;
  /** Frame dialect: whole messages received, and payload bytes that no ACK covers yet. */
  uint64_t messages;
  uint64_t unacked_bytes;
  /** Open loop: first and last of the pings under way, as places in its pool; 0 is none. */
  uint32_t pending_first;
  uint32_t pending_last;
} __attribute__((aligned(64)));

/**
 * Writes, or keeps what the kernel does not take. False when the peer is gone or takes nothing for
 * so long that keeping more would be unbounded.
 */
bool connection_send(struct connection *c, const void *data, size_t length);

/** Tries again what was kept. */
void connection_flush(struct connection *c);

/**
 * For protocols: a message of `total` bytes starts here, of which `have` are in hand. Returns how
 * many of them are used up; those still to come are counted and thrown away by the reader.
 */
size_t connection_message(struct connection *c, struct heard *heard, enum heard_kind kind,
                          uint64_t total, size_t have);

#endif
