/* See websocket-frames.h. */
#define _GNU_SOURCE

#include "websocket-frames.h"

#include <stdio.h>
#include <string.h>

#include "protocol.h"

enum { CONTROL_BYTES_MAX = 125, UPGRADE_BYTES_MAX = 16384 };

static const uint8_t MASK[4] = {0x37, 0xfa, 0x21, 0x3d};

size_t websocket_greet(const char *path, uint8_t *out) {
  /* The key is the example of RFC 6455; the answer to it is not checked: only the load matters. */
  int length = snprintf((char *)out, SMALL_BYTES_MAX,
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n",
                        path);
  return (size_t)length;
}

size_t websocket_take_upgrade(const uint8_t *data, size_t length) {
  static const char STATUS[] = "HTTP/1.1 101";
  const uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
  if (end == NULL) return length < UPGRADE_BYTES_MAX ? 0 : PARSE_FAULT;
  if (memcmp(data, STATUS, sizeof(STATUS) - 1) != 0) return PARSE_FAULT;
  return (size_t)(end - data) + 4;
}

size_t websocket_read_header(const uint8_t *data, size_t length, struct websocket_frame *frame) {
  if (length < 2) return 0;
  if ((data[1] & 0x80) != 0) return PARSE_FAULT;
  size_t extra = data[1] == 126 ? 2 : data[1] == 127 ? 8 : 0;
  if (length < 2 + extra) return 0;
  frame->opcode = (enum websocket_opcode)(data[0] & 0x0f);
  frame->payload_bytes = extra == 0 ? data[1] : 0;
  for (size_t i = 0; i < extra; i++) {
    frame->payload_bytes = frame->payload_bytes << 8 | data[2 + i];
  }
  frame->header_bytes = 2 + extra;
  if (frame->opcode >= OPCODE_CLOSE && frame->payload_bytes > CONTROL_BYTES_MAX) {
    return PARSE_FAULT;
  }
  return frame->payload_bytes > UINT32_MAX ? PARSE_FAULT : frame->header_bytes;
}

size_t websocket_write_header(enum websocket_opcode opcode, uint64_t payload_bytes, uint8_t *out) {
  size_t length = 2;
  out[0] = (uint8_t)(0x80 | (uint8_t)opcode);
  if (payload_bytes < 126) {
    out[1] = (uint8_t)(0x80 | payload_bytes);
  } else {
    size_t extra = payload_bytes <= UINT16_MAX ? 2 : 8;
    out[1] = (uint8_t)(0x80 | (extra == 2 ? 126 : 127));
    for (size_t i = 0; i < extra; i++) {
      out[length++] = (uint8_t)(payload_bytes >> (8 * (extra - 1 - i)));
    }
  }
  memcpy(out + length, MASK, sizeof(MASK));
  return length + sizeof(MASK);
}

void websocket_mask(uint8_t *payload, size_t length) {
  for (size_t i = 0; i < length; i++) payload[i] ^= MASK[i & 3];
}

size_t websocket_write(enum websocket_opcode opcode, const void *payload, size_t length,
                       uint8_t *out) {
  size_t header = websocket_write_header(opcode, length, out);
  if (length == 0) return header;
  memcpy(out + header, payload, length);
  websocket_mask(out + header, length);
  return header + length;
}

void websocket_take_control(struct connection *c, const struct websocket_frame *frame,
                            const uint8_t *payload, struct heard *heard) {
  if (frame->opcode == OPCODE_PONG) {
    heard->counts[HEARD_ANSWER]++;
  } else if (frame->opcode == OPCODE_PING) {
    uint8_t out[CONTROL_BYTES_MAX + 16];
    size_t length = (size_t)frame->payload_bytes;
    connection_send(c, out, websocket_write(OPCODE_PONG, payload, length, out));
    heard->counts[HEARD_ASKED]++;
  }
}
