/*
 * Holdfast's line dialect: `ping\n` is answered with `pong\n`, every other line is a message.
 *
 * Easy to break: a message has no length in front, so its end is searched for. Only the first bytes
 * decide what it is; `step` says that we are in the middle of one.
 */
#include <string.h>

#include "protocol.h"

enum { WORD_BYTES_MAX = 64, LINE_BYTES_MAX = 65536 };
enum { STEP_AT_START, STEP_IN_LINE };

static const char PONG[] = "pong";
enum { PONG_BYTES = sizeof(PONG) - 1 };

static uint8_t ping_line[WORD_BYTES_MAX + 1] = "ping\n";
static size_t ping_line_bytes = 5;

bool line_set_ping_word(const char *word) {
  size_t length = strlen(word);
  if (length == 0 || length > WORD_BYTES_MAX || strpbrk(word, "\r\n") != NULL) return false;
  memcpy(ping_line, word, length);
  ping_line[length] = '\n';
  ping_line_bytes = length + 1;
  return true;
}

static size_t ping(struct connection *c, uint8_t *out) {
  (void)c;
  memcpy(out, ping_line, ping_line_bytes);
  return ping_line_bytes;
}

static size_t body(enum heard_kind kind, size_t bytes, uint8_t *out) {
  if (bytes < 2 || bytes > LINE_BYTES_MAX) return 0;
  memset(out, 'e', bytes);
  out[0] = payload_mark(kind);
  out[bytes - 1] = '\n';
  return bytes;
}

static size_t header(struct connection *c, enum heard_kind kind, size_t bytes, uint8_t *out) {
  (void)c, (void)kind, (void)bytes, (void)out;
  return 0;
}

static void take_line(struct connection *c, const uint8_t *line, size_t length,
                      struct heard *heard) {
  if (length > 0 && line[length - 1] == '\r') length--;
  if (length != PONG_BYTES || memcmp(line, PONG, PONG_BYTES) != 0) {
    heard->counts[length == 0 ? HEARD_OTHER : kind_of_payload(line[0])]++;
  } else if (c->state == STATE_GREETING) {
    heard->is_ready = true;
  } else {
    heard->counts[HEARD_ANSWER]++;
  }
}

static size_t parse(struct connection *c, const uint8_t *data, size_t length,
                    struct heard *heard) {
  size_t used = 0;
  while (used < length) {
    const uint8_t *line = data + used;
    const uint8_t *end = memchr(line, '\n', length - used);
    if (end == NULL) {
      /* Up to `pong\r` it may still be the answer; beyond that the first byte decides. */
      if (c->step == STEP_AT_START && length - used <= PONG_BYTES + 1) return used;
      if (c->step == STEP_AT_START) c->skip_kind = (uint8_t)kind_of_payload(line[0]);
      c->step = STEP_IN_LINE;
      return length;
    }
    if (c->step == STEP_IN_LINE) {
      heard->counts[c->skip_kind]++;
      c->step = STEP_AT_START;
    } else {
      take_line(c, line, (size_t)(end - line), heard);
    }
    used = (size_t)(end - data) + 1;
  }
  return used;
}

const struct protocol LINE_PROTOCOL = {
    .name = "line",
    .ping_answer = HEARD_ANSWER,
    .greets_with_beat = true,
    .greet = ping,
    .ping = ping,
    .one_way = ping,
    .body = body,
    .header = header,
    .parse = parse,
};
