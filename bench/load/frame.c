/*
 * Holdfast's frame dialect, the client's side; docs/protocol.md is the law.
 *
 * Easy to break: what was received must be acknowledged at least every 64 KiB of payload, or the
 * server holds it back and in the end gives the connection up. So a message that would cross that
 * limit is preceded by an ACK for those before it.
 */
#include <stdio.h>
#include <string.h>

#include "protocol.h"

enum frame_type {
  TYPE_HELLO = 1,
  TYPE_WELCOME = 2,
  TYPE_PING = 3,
  TYPE_PONG = 4,
  TYPE_TEXT = 5,
  TYPE_BINARY = 6,
  TYPE_CONT = 7,
  TYPE_ACK = 8
};

enum { PAYLOAD_BYTES_MAX = 65535, ACK_BYTES_MAX = 65536, VARINT_BYTES_MAX = 8 };
enum { STEP_PREFACE, STEP_WELCOME, STEP_GREETED };

static const uint8_t PREFACE[] = {0xf8, 'H', 'F', 1};

static size_t write_varint(uint64_t value, uint8_t *out) {
  size_t length = 0;
  while (value >= 0x80) {
    out[length++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  out[length++] = (uint8_t)value;
  return length;
}

/** How many bytes the number has; 0: it is cut; PARSE_FAULT: it is none. */
static size_t read_varint(const uint8_t *data, size_t length, uint64_t *value) {
  *value = 0;
  for (size_t i = 0; i < length && i < VARINT_BYTES_MAX; i++) {
    *value |= (uint64_t)(data[i] & 0x7f) << (7 * i);
    if (data[i] < 0x80) return i + 1;
  }
  return length < VARINT_BYTES_MAX ? 0 : PARSE_FAULT;
}

static size_t write_numbers(enum frame_type type, uint64_t first, uint64_t second, uint8_t *out) {
  size_t length = 2;
  length += write_varint(first, out + length);
  length += write_varint(second, out + length);
  out[0] = (uint8_t)type;
  out[1] = (uint8_t)(length - 2);
  return length;
}

static size_t greet(struct connection *c, uint8_t *out) {
  c->step = STEP_PREFACE;
  char hello[256];
  int length = snprintf(hello, sizeof(hello),
                        "{\"agent\":\"holdfast-load\",\"intervalMsMin\":0,"
                        "\"intervalMsMax\":%d,\"nextMs\":%d,\"messageBytesMax\":%d}",
                        NEXT_MS, NEXT_MS, MESSAGE_BYTES_MAX);
  size_t at = sizeof(PREFACE);
  memcpy(out, PREFACE, at);
  out[at++] = TYPE_HELLO;
  at += write_varint((uint64_t)length, out + at);
  memcpy(out + at, hello, (size_t)length);
  return at + (size_t)length;
}

static size_t ping(struct connection *c, uint8_t *out) {
  return write_numbers(TYPE_PING, ++c->seq, NEXT_MS, out);
}

static size_t body(enum heard_kind kind, size_t bytes, uint8_t *out) {
  if (bytes == 0 || bytes > PAYLOAD_BYTES_MAX) return 0;
  memset(out, 'e', bytes);
  out[0] = payload_mark(kind);
  return bytes;
}

static size_t header(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out) {
  (void)c, (void)kind;
  out[0] = TYPE_TEXT;
  size_t length = 1 + write_varint(bytes + 1, out + 1);
  out[length] = 0;
  return length + 1;
}

static size_t acknowledge(struct connection *c, uint8_t *out) {
  c->unacked_bytes = 0;
  return write_numbers(TYPE_ACK, c->messages, 0, out);
}


static void take_pong(const uint8_t *body, size_t length, struct heard *heard) {
  uint64_t seq;
  size_t used = read_varint(body, length, &seq);
  if (used == 0 || used == PARSE_FAULT) return;
  heard->answered_seq = seq;
  heard->counts[HEARD_ANSWER]++;
}

static void answer_ping(struct connection *c, const uint8_t *body, size_t length,
                        struct heard *heard) {
  uint64_t seq;
  size_t used = read_varint(body, length, &seq);
  if (used == 0 || used == PARSE_FAULT) return;
  uint8_t out[32];
  connection_send(c, out, write_numbers(TYPE_PONG, seq, NEXT_MS, out));
  heard->counts[HEARD_ASKED]++;
}

/** Returns how many bytes are used up; 0: wait for more. */
static size_t take_payload(struct connection *c, const uint8_t *data, size_t have, size_t header,
                           uint64_t length, struct heard *heard) {
  if (length < 1) return PARSE_FAULT;
  /* The flags and the first byte of the payload are needed to know what it is. */
  size_t needed = header + (length > 1 ? 2 : 1);
  if (have < needed) return 0;
  uint64_t payload = length - 1;
  if (c->unacked_bytes > 0 && c->unacked_bytes + payload > ACK_BYTES_MAX) {
    uint8_t out[32];
    connection_send(c, out, acknowledge(c, out));
  }
  c->unacked_bytes += payload;
  enum heard_kind kind = payload > 0 ? kind_of_payload(data[header + 1]) : HEARD_OTHER;
  return connection_message(c, heard, kind, header + length, have);
}

static size_t take_frame(struct connection *c, const uint8_t *data, size_t have,
                         struct heard *heard) {
  uint64_t length;
  if (have < 2) return 0;
  size_t header = read_varint(data + 1, have - 1, &length);
  if (header == 0 || header == PARSE_FAULT) return header;
  header++;
  if (length > PAYLOAD_BYTES_MAX + 1) return PARSE_FAULT;
  if (data[0] == TYPE_TEXT) return take_payload(c, data, have, header, length, heard);
  /* The servers of the bench send back what they were sent: one text frame. */
  if (data[0] == TYPE_BINARY || data[0] == TYPE_CONT) return PARSE_FAULT;
  if (have < header + length) return 0;
  if (data[0] == TYPE_PONG) {
    take_pong(data + header, (size_t)length, heard);
  } else if (data[0] == TYPE_PING) {
    answer_ping(c, data + header, (size_t)length, heard);
  } else if (data[0] == TYPE_WELCOME && c->step == STEP_WELCOME) {
    c->step = STEP_GREETED;
    heard->is_ready = true;
  }
  return header + (size_t)length;
}

static size_t parse(struct connection *c, const uint8_t *data, size_t length,
                    struct heard *heard) {
  size_t used = 0;
  if (c->step == STEP_PREFACE) {
    if (length < sizeof(PREFACE)) return 0;
    if (memcmp(data, PREFACE, sizeof(PREFACE)) != 0) return PARSE_FAULT;
    c->step = STEP_WELCOME;
    used = sizeof(PREFACE);
  }
  return parse_frames(c, data, length, used, heard, take_frame);
}

const struct protocol FRAME_PROTOCOL = {
    .name = "frame",
    .ping_answer = HEARD_ANSWER,
    .greet = greet,
    .ping = ping,
    .one_way = ping,
    .body = body,
    .header = header,
    .acknowledge = acknowledge,
    .parse = parse,
};
