/*
 * Plain WebSocket: protocol-level pings, answered by the server's library, and texts as messages.
 * `websocket-line` is the same with pings that are texts, too: `ping`, answered with `pong`.
 *
 * Easy to break: a one-way beat is a pong that nobody asked for (RFC 6455 section 5.5.3).
 */
#include <string.h>

#include "protocol.h"
#include "websocket-frames.h"

enum { STEP_UPGRADE, STEP_FIRST_BEAT, STEP_FRAMES };

static const char PONG[] = "pong";
enum { PONG_BYTES = sizeof(PONG) - 1 };

static size_t greet(struct connection *c, uint8_t *out) {
  c->step = STEP_UPGRADE;
  return websocket_greet("/", out);
}

static size_t ping(struct connection *c, uint8_t *out) {
  (void)c;
  return websocket_write(OPCODE_PING, NULL, 0, out);
}

static size_t text_ping(struct connection *c, uint8_t *out) {
  (void)c;
  return websocket_write(OPCODE_TEXT, "ping", 4, out);
}

static size_t one_way(struct connection *c, uint8_t *out) {
  (void)c;
  return websocket_write(OPCODE_PONG, NULL, 0, out);
}

static size_t body(enum heard_kind kind, size_t bytes, uint8_t *out) {
  if (bytes == 0) return 0;
  memset(out, 'e', bytes);
  out[0] = payload_mark(kind);
  websocket_mask(out, bytes);
  return bytes;
}

static size_t header(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out) {
  (void)c, (void)kind;
  return websocket_write_header(OPCODE_TEXT, bytes, out);
}

static size_t take_frame(struct connection *c, const uint8_t *data, size_t have,
                         struct heard *heard) {
  struct websocket_frame frame;
  size_t start = websocket_read_header(data, have, &frame);
  if (start == 0 || start == PARSE_FAULT) return start;
  uint64_t total = start + frame.payload_bytes;
  if (frame.opcode >= OPCODE_CLOSE) {
    if (have < total) return 0;
    websocket_take_control(c, &frame, data + start, heard);
    return (size_t)total;
  }
  /* A message in parts counts with its first part; the bench's servers send none. */
  if (frame.opcode == OPCODE_CONT || frame.payload_bytes == 0) {
    return connection_message(c, heard, HEARD_OTHER, total, have);
  }
  if (have == start) return 0;
  if (frame.opcode == OPCODE_TEXT && frame.payload_bytes == PONG_BYTES && data[start] == PONG[0]) {
    if (have < total) return 0;
    heard->counts[memcmp(data + start, PONG, PONG_BYTES) == 0 ? HEARD_ANSWER : HEARD_OTHER]++;
    return (size_t)total;
  }
  return connection_message(c, heard, kind_of_payload(data[start]), total, have);
}

/** Ready is who was answered once, as everywhere: an upgrade alone is not a word of a client yet. */
static size_t parse_with(size_t (*beat)(struct connection *c, uint8_t *out), struct connection *c,
                         const uint8_t *data, size_t length, struct heard *heard) {
  size_t used = 0;
  if (c->step == STEP_UPGRADE) {
    uint8_t out[SMALL_BYTES_MAX];
    used = websocket_take_upgrade(data, length);
    if (used == 0 || used == PARSE_FAULT) return used;
    c->step = STEP_FIRST_BEAT;
    connection_send(c, out, beat(c, out));
  }
  used = parse_frames(c, data, length, used, heard, take_frame);
  if (c->step == STEP_FIRST_BEAT && heard->counts[HEARD_ANSWER] > 0) {
    c->step = STEP_FRAMES;
    heard->counts[HEARD_ANSWER]--;
    heard->is_ready = true;
  }
  return used;
}

static size_t parse(struct connection *c, const uint8_t *data, size_t length,
                    struct heard *heard) {
  return parse_with(ping, c, data, length, heard);
}

static size_t parse_texts(struct connection *c, const uint8_t *data, size_t length,
                          struct heard *heard) {
  return parse_with(text_ping, c, data, length, heard);
}

const struct protocol WEBSOCKET_PROTOCOL = {
    .name = "websocket",
    .ping_answer = HEARD_ANSWER,
    .greet = greet,
    .ping = ping,
    .one_way = one_way,
    .body = body,
    .header = header,
    .parse = parse,
};

const struct protocol WEBSOCKET_LINE_PROTOCOL = {
    .name = "websocket-line",
    .ping_answer = HEARD_ANSWER,
    .greet = greet,
    .ping = text_ping,
    .one_way = text_ping,
    .body = body,
    .header = header,
    .parse = parse_texts,
};
