/*
 * What a protocol has to know. Everything else, connections, windows and clocks, is the same for
 * all of them.
 *
 * Easy to break: `parse` is handed bytes that start at the start of a frame, and may end anywhere.
 * It uses whole frames up and leaves the rest, which is handed in again with more behind it.
 */
#ifndef LOAD_PROTOCOL_H
#define LOAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connection.h"

enum {
  /** The longest ping, greeting or subscription. */
  SMALL_BYTES_MAX = 512,
  /** The longest header that stands before the body of a message. */
  HEADER_BYTES_MAX = 64,
  MESSAGE_BYTES_MAX = 1024 * 1024,
  /** What the frame dialect promises: to be heard again within so many milliseconds. */
  NEXT_MS = 60000
};

/** What `parse` returns for bytes that the protocol does not allow. */
#define PARSE_FAULT SIZE_MAX

struct protocol {
  const char *name;
  /** The answer to `ping`; socket.io has no pings of clients, and uses its smallest message. */
  enum heard_kind ping_answer;
  /** The greeting is a beat, and needs no answer to count as open in `open-silent`. */
  bool greets_with_beat;

  /** What the client says first; nothing where the server speaks first. */
  size_t (*greet)(struct connection *c, uint8_t *out);
  size_t (*ping)(struct connection *c, uint8_t *out);
  /** A sign of life that asks for no answer, as far as the protocol has one. */
  size_t (*one_way)(struct connection *c, uint8_t *out);

  /** Constant part of a message, the same for all connections. 0: there is none so long. */
  size_t (*body)(enum heard_kind kind, size_t bytes, uint8_t *out);
  /** What stands before it. */
  size_t (*header)(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out);
  /** Asks for messages of a kind, or NULL: they come unasked. */
  size_t (*subscribe)(struct connection *c, enum heard_kind kind, uint8_t *out);
  /** Confirms `messages`, or NULL. */
  size_t (*acknowledge)(struct connection *c, uint8_t *out);

  size_t (*parse)(struct connection *c, const uint8_t *data, size_t length, struct heard *heard);
};

extern const struct protocol LINE_PROTOCOL;
extern const struct protocol FRAME_PROTOCOL;
extern const struct protocol WEBSOCKET_PROTOCOL;
extern const struct protocol WEBSOCKET_LINE_PROTOCOL;
extern const struct protocol SOCKETIO_PROTOCOL;
extern const struct protocol MQTT_PROTOCOL;
extern const struct protocol NATS_PROTOCOL;

/** NULL for a name that is not known. */
const struct protocol *protocol_named(const char *name);

/** The line dialect's word for a beat; false if it is too long or cannot be a line. */
bool line_set_ping_word(const char *word);

/** `e` or `!`: how every server tells what to send back from what to send to all. */
static inline uint8_t payload_mark(enum heard_kind kind) {
  return kind == HEARD_BROADCAST ? '!' : 'e';
}

static inline enum heard_kind kind_of_payload(uint8_t first) {
  return first == 'e' ? HEARD_ECHO : first == '!' ? HEARD_BROADCAST : HEARD_OTHER;
}

/** Uses up one frame: its length, 0 when it is not whole yet, or PARSE_FAULT. */
typedef size_t take_one(struct connection *c, const uint8_t *data, size_t length,
                        struct heard *heard);

/** What `parse` does where frames follow one another, from the place `used` on. */
static inline size_t parse_frames(struct connection *c, const uint8_t *data, size_t length,
                                  size_t used, struct heard *heard, take_one *take) {
  while (used < length) {
    size_t taken = take(c, data + used, length - used, heard);
    if (taken == PARSE_FAULT) return PARSE_FAULT;
    if (taken == 0) break;
    used += taken;
  }
  return used;
}

enum { NUMBER_DIGITS = 12 };

/** A connection's number in hexadecimal, always of the same length. */
static inline void write_number(uint64_t number, uint8_t *out) {
  for (int digit = NUMBER_DIGITS - 1; digit >= 0; digit--) {
    out[digit] = (uint8_t)"0123456789abcdef"[number & 15];
    number >>= 4;
  }
}

#endif
