/*
 * socket.io 4 over a WebSocket (Engine.IO 4): one text frame holds one packet.
 *
 * Easy to break: only the server pings (`2`) and the client answers (`3`); a server ends a client
 * that pings by itself. So where an order wants a beat that is answered, the smallest event that
 * the server sends back stands in for it.
 */
#include <stdio.h>
#include <string.h>

#include "protocol.h"
#include "websocket-frames.h"

enum { STEP_UPGRADE, STEP_OPEN, STEP_CONNECT, STEP_CONNECTED };
/** Enough of a packet to know it by: `42["m"`. */
enum { KNOWN_BY_BYTES = 5 };

static const char EVENT_END[] = "\"]";
enum { EVENT_START_BYTES = 8, EVENT_END_BYTES = 2 };

static size_t greet(struct connection *c, uint8_t *out) {
  c->step = STEP_UPGRADE;
  return websocket_greet("/socket.io/?EIO=4&transport=websocket", out);
}

static size_t write_text(const char *text, uint8_t *out) {
  return websocket_write(OPCODE_TEXT, text, strlen(text), out);
}

static size_t ping(struct connection *c, uint8_t *out) {
  (void)c;
  return write_text("42[\"m\",\"e\"]", out);
}

static size_t one_way(struct connection *c, uint8_t *out) {
  (void)c;
  return write_text("3", out);
}

static size_t body(enum heard_kind kind, size_t bytes, uint8_t *out) {
  if (bytes < EVENT_START_BYTES + 1 + EVENT_END_BYTES) return 0;
  memset(out, 'e', bytes);
  memcpy(out, kind == HEARD_BROADCAST ? "42[\"b\",\"" : "42[\"m\",\"", EVENT_START_BYTES);
  out[EVENT_START_BYTES] = payload_mark(kind);
  memcpy(out + bytes - EVENT_END_BYTES, EVENT_END, EVENT_END_BYTES);
  websocket_mask(out, bytes);
  return bytes;
}

static size_t header(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out) {
  (void)c, (void)kind;
  return websocket_write_header(OPCODE_TEXT, bytes, out);
}

static enum heard_kind kind_of_event(const uint8_t *packet, uint64_t length) {
  if (length < KNOWN_BY_BYTES || memcmp(packet, "42[\"", 4) != 0) return HEARD_OTHER;
  return packet[4] == 'm' ? HEARD_ECHO : packet[4] == 'b' ? HEARD_BROADCAST : HEARD_OTHER;
}

/** A packet that is whole, or whose first bytes are; small ones that ask for something. */
static enum heard_kind take_packet(struct connection *c, const uint8_t *packet, uint64_t length,
                                   struct heard *heard) {
  uint8_t out[32];
  if (c->step == STEP_OPEN && packet[0] == '0') {
    c->step = STEP_CONNECT;
    connection_send(c, out, write_text("40", out));
  } else if (c->step == STEP_CONNECT && length > 1 && memcmp(packet, "40", 2) == 0) {
    c->step = STEP_CONNECTED;
    heard->is_ready = true;
  } else if (packet[0] == '2') {
    connection_send(c, out, write_text("3", out));
    return HEARD_ASKED;
  }
  return kind_of_event(packet, length);
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
  if (frame.opcode != OPCODE_TEXT || frame.payload_bytes == 0) {
    return connection_message(c, heard, HEARD_OTHER, total, have);
  }
  uint64_t needed = frame.payload_bytes < KNOWN_BY_BYTES ? frame.payload_bytes : KNOWN_BY_BYTES;
  if (have < start + needed) return 0;
  enum heard_kind kind = take_packet(c, data + start, frame.payload_bytes, heard);
  return connection_message(c, heard, kind, total, have);
}

static size_t parse(struct connection *c, const uint8_t *data, size_t length,
                    struct heard *heard) {
  size_t used = 0;
  if (c->step == STEP_UPGRADE) {
    used = websocket_take_upgrade(data, length);
    if (used == 0 || used == PARSE_FAULT) return used;
    c->step = STEP_OPEN;
  }
  return parse_frames(c, data, length, used, heard, take_frame);
}

const struct protocol SOCKETIO_PROTOCOL = {
    .name = "socketio",
    .ping_answer = HEARD_ECHO,
    .greet = greet,
    .ping = ping,
    .one_way = one_way,
    .body = body,
    .header = header,
    .parse = parse,
};
