/*
 * MQTT 3.1.1: PINGREQ and PINGRESP, and publications of QoS 0 that come back by subscription.
 *
 * Easy to break: a broker routes by topic only, so each connection has one of its own, `e/` and its
 * number, and shares `b` with all others.
 */
#include <string.h>

#include "protocol.h"

enum packet_type {
  TYPE_CONNACK = 2,
  TYPE_PUBLISH = 3,
  TYPE_SUBACK = 9,
  TYPE_PINGRESP = 13
};

enum { KEEPALIVE_S = 60, LENGTH_BYTES_MAX = 4, TOPIC_BYTES_MAX = 2 + NUMBER_DIGITS };

static const uint8_t PINGREQ[] = {0xc0, 0};

static size_t write_length(size_t length, uint8_t *out) {
  size_t used = 0;
  while (length >= 0x80) {
    out[used++] = (uint8_t)(length | 0x80);
    length >>= 7;
  }
  out[used++] = (uint8_t)length;
  return used;
}

/** How many bytes the length has; 0: it is cut; PARSE_FAULT: it is none. */
static size_t read_length(const uint8_t *data, size_t have, uint64_t *length) {
  *length = 0;
  for (size_t i = 0; i < have && i < LENGTH_BYTES_MAX; i++) {
    *length |= (uint64_t)(data[i] & 0x7f) << (7 * i);
    if (data[i] < 0x80) return i + 1;
  }
  return have < LENGTH_BYTES_MAX ? 0 : PARSE_FAULT;
}

/** With the two bytes of its length in front. */
static size_t write_topic(const struct connection *c, enum heard_kind kind, uint8_t *out) {
  size_t length = kind == HEARD_BROADCAST ? 1 : TOPIC_BYTES_MAX;
  out[0] = 0;
  out[1] = (uint8_t)length;
  if (kind == HEARD_BROADCAST) {
    out[2] = 'b';
  } else {
    memcpy(out + 2, "e/", 2);
    write_number(c->number, out + 4);
  }
  return 2 + length;
}

static size_t greet(struct connection *c, uint8_t *out) {
  static const uint8_t START[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, KEEPALIVE_S};
  out[0] = 0x10;
  out[1] = sizeof(START) + 2 + NUMBER_DIGITS;
  memcpy(out + 2, START, sizeof(START));
  uint8_t *name = out + 2 + sizeof(START);
  name[0] = 0;
  name[1] = NUMBER_DIGITS;
  write_number(c->number, name + 2);
  return 2u + out[1];
}

static size_t ping(struct connection *c, uint8_t *out) {
  (void)c;
  memcpy(out, PINGREQ, sizeof(PINGREQ));
  return sizeof(PINGREQ);
}

/** A publication that nobody has subscribed to: renews the keepalive, and has no answer. */
static size_t one_way(struct connection *c, uint8_t *out) {
  static const uint8_t NOBODY[] = {0x30, 3, 0, 1, 'n'};
  (void)c;
  memcpy(out, NOBODY, sizeof(NOBODY));
  return sizeof(NOBODY);
}

static size_t body(enum heard_kind kind, size_t bytes, uint8_t *out) {
  if (bytes == 0) return 0;
  memset(out, 'e', bytes);
  out[0] = payload_mark(kind);
  return bytes;
}

static size_t header(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out) {
  uint8_t topic[2 + TOPIC_BYTES_MAX];
  size_t topic_bytes = write_topic(c, kind, topic);
  out[0] = 0x30;
  size_t length = 1 + write_length(topic_bytes + bytes, out + 1);
  memcpy(out + length, topic, topic_bytes);
  return length + topic_bytes;
}

static size_t subscribe(struct connection *c, enum heard_kind kind, uint8_t *out) {
  size_t length = 4;
  length += write_topic(c, kind, out + length);
  out[length++] = 0;
  out[0] = 0x82;
  out[1] = (uint8_t)(length - 2);
  out[2] = 0;
  out[3] = 1;
  return length;
}

static size_t take_packet(struct connection *c, const uint8_t *data, size_t have,
                          struct heard *heard) {
  uint64_t length;
  if (have < 2) return 0;
  size_t start = read_length(data + 1, have - 1, &length);
  if (start == 0 || start == PARSE_FAULT) return start;
  start++;
  uint64_t total = start + length;
  enum packet_type type = (enum packet_type)(data[0] >> 4);
  if (type == TYPE_PUBLISH) {
    /* The first byte of the topic tells an echo from a broadcast. */
    if (length < 3) return PARSE_FAULT;
    if (have < start + 3) return 0;
    uint8_t topic = data[start + 2];
    enum heard_kind kind = topic == 'e'   ? HEARD_ECHO
                           : topic == 'b' ? HEARD_BROADCAST
                                          : HEARD_OTHER;
    return connection_message(c, heard, kind, total, have);
  }
  if (have < total) return 0;
  if (type == TYPE_PINGRESP) {
    heard->counts[HEARD_ANSWER]++;
  } else if (type == TYPE_SUBACK) {
    heard->counts[HEARD_CONFIRMED]++;
  } else if (type == TYPE_CONNACK) {
    if (length < 2 || data[start + 1] != 0) return PARSE_FAULT;
    heard->is_ready = true;
  }
  return (size_t)total;
}

static size_t parse(struct connection *c, const uint8_t *data, size_t length,
                    struct heard *heard) {
  return parse_frames(c, data, length, 0, heard, take_packet);
}

const struct protocol MQTT_PROTOCOL = {
    .name = "mqtt",
    .ping_answer = HEARD_ANSWER,
    .greet = greet,
    .ping = ping,
    .one_way = one_way,
    .body = body,
    .header = header,
    .subscribe = subscribe,
    .parse = parse,
};
