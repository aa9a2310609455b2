/*
 * The client protocol of NATS: lines of text, and payloads of a length that the line names.
 *
 * Easy to break: a PONG is the answer to a ping, and also what says that the handshake or a
 * subscription is done, since a PING stands behind each of them.
 */
#include <stdio.h>
#include <string.h>

#include "protocol.h"

enum { STEP_INFO, STEP_PONG, STEP_GREETED };
/** INFO has a few hundred bytes, more in a cluster. */
enum { LINE_BYTES_MAX = 65536 };

static const char PING[] = "PING\r\n";
static const char PONG[] = "PONG\r\n";
enum { PING_BYTES = 6 };

static size_t greet(struct connection *c, uint8_t *out) {
  (void)out;
  c->step = STEP_INFO;
  return 0;
}

static size_t ping(struct connection *c, uint8_t *out) {
  (void)c;
  memcpy(out, PING, PING_BYTES);
  return PING_BYTES;
}

static size_t one_way(struct connection *c, uint8_t *out) {
  (void)c;
  memcpy(out, PONG, PING_BYTES);
  return PING_BYTES;
}

static size_t body(enum heard_kind kind, size_t bytes, uint8_t *out) {
  if (bytes == 0) return 0;
  memset(out, 'e', bytes);
  out[0] = payload_mark(kind);
  memcpy(out + bytes, "\r\n", 2);
  return bytes + 2;
}

static size_t write_subject(const struct connection *c, enum heard_kind kind, uint8_t *out) {
  if (kind == HEARD_BROADCAST) {
    out[0] = 'b';
    return 1;
  }
  memcpy(out, "e.", 2);
  write_number(c->number, out + 2);
  return 2 + NUMBER_DIGITS;
}

static size_t write_decimal(size_t value, uint8_t *out) {
  uint8_t digits[24];
  size_t count = 0;
  do {
    digits[count++] = (uint8_t)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  for (size_t i = 0; i < count; i++) out[i] = digits[count - 1 - i];
  return count;
}

static size_t header(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out) {
  memcpy(out, "PUB ", 4);
  size_t length = 4 + write_subject(c, kind, out + 4);
  out[length++] = ' ';
  length += write_decimal(bytes - 2, out + length);
  memcpy(out + length, "\r\n", 2);
  return length + 2;
}

static size_t subscribe(struct connection *c, enum heard_kind kind, uint8_t *out) {
  memcpy(out, "SUB ", 4);
  size_t length = 4 + write_subject(c, kind, out + 4);
  memcpy(out + length, kind == HEARD_BROADCAST ? " 2\r\n" : " 1\r\n", 4);
  memcpy(out + length + 4, PING, PING_BYTES);
  return length + 4 + PING_BYTES;
}

static void greet_back(struct connection *c) {
  static const char CONNECT[] =
      "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\"lang\":\"c\","
      "\"version\":\"1.0.0\",\"protocol\":1}\r\nPING\r\n";
  c->step = STEP_PONG;
  connection_send(c, CONNECT, sizeof(CONNECT) - 1);
}

static void take_pong(struct connection *c, struct heard *heard) {
  if (c->step == STEP_PONG) {
    c->step = STEP_GREETED;
    heard->is_ready = true;
  } else {
    heard->counts[HEARD_ANSWER]++;
  }
}

/** `MSG subject sid [reply] bytes`: the line is whole, the payload may not be. */
static size_t take_message(struct connection *c, const uint8_t *line, size_t line_bytes,
                           size_t have, struct heard *heard) {
  size_t end = line_bytes - 2;
  size_t start = end;
  uint64_t bytes = 0;
  while (start > 0 && line[start - 1] != ' ') start--;
  if (end == start || end - start > 9) return PARSE_FAULT;
  for (size_t i = start; i < end; i++) {
    if (line[i] < '0' || line[i] > '9') return PARSE_FAULT;
    bytes = bytes * 10 + (uint64_t)(line[i] - '0');
  }
  uint8_t subject = line[4];
  enum heard_kind kind = subject == 'e'   ? HEARD_ECHO
                         : subject == 'b' ? HEARD_BROADCAST
                                          : HEARD_OTHER;
  return connection_message(c, heard, kind, line_bytes + bytes + 2, have);
}

static size_t take_line(struct connection *c, const uint8_t *data, size_t have,
                        struct heard *heard) {
  const uint8_t *end = memchr(data, '\n', have);
  if (end == NULL) return have < LINE_BYTES_MAX ? 0 : PARSE_FAULT;
  size_t length = (size_t)(end - data) + 1;
  if (length < 2) return PARSE_FAULT;
  if (length == PING_BYTES && memcmp(data, PONG, PING_BYTES) == 0) {
    take_pong(c, heard);
  } else if (length == PING_BYTES && memcmp(data, PING, PING_BYTES) == 0) {
    connection_send(c, PONG, PING_BYTES);
    heard->counts[HEARD_ASKED]++;
  } else if (length > 5 && memcmp(data, "MSG ", 4) == 0) {
    return take_message(c, data, length, have, heard);
  } else if (length > 5 && memcmp(data, "INFO ", 5) == 0 && c->step == STEP_INFO) {
    greet_back(c);
  }
  return length;
}

static size_t parse(struct connection *c, const uint8_t *data, size_t length,
                    struct heard *heard) {
  return parse_frames(c, data, length, 0, heard, take_line);
}

const struct protocol NATS_PROTOCOL = {
    .name = "nats",
    .ping_answer = HEARD_ANSWER,
    .greet = greet,
    .ping = ping,
    .one_way = one_way,
    .body = body,
    .header = header,
    .subscribe = subscribe,
    .parse = parse,
};
