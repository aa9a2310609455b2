/*
 * RFC 6455 as a client speaks it, for the WebSocket and the socket.io protocol.
 *
 * Easy to break: what a client sends is masked, what it receives is not. The mask is always the
 * same, so that messages can be made once; the server has to undo it all the same.
 */
#ifndef LOAD_WEBSOCKET_FRAMES_H
#define LOAD_WEBSOCKET_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "connection.h"

enum websocket_opcode {
  OPCODE_CONT = 0,
  OPCODE_TEXT = 1,
  OPCODE_BINARY = 2,
  OPCODE_CLOSE = 8,
  OPCODE_PING = 9,
  OPCODE_PONG = 10
};

struct websocket_frame {
  enum websocket_opcode opcode;
  size_t header_bytes;
  uint64_t payload_bytes;
};

/** The request that asks for the upgrade. */
size_t websocket_greet(const char *path, uint8_t *out);

/** The server's answer to it: used bytes, 0 while it is cut, PARSE_FAULT when it is no upgrade. */
size_t websocket_take_upgrade(const uint8_t *data, size_t length);

/** Reads a header: its bytes, 0 while it is cut, PARSE_FAULT when a server may not say so. */
size_t websocket_read_header(const uint8_t *data, size_t length, struct websocket_frame *frame);

/** Writes a header for a payload that is, or will be, masked. */
size_t websocket_write_header(enum websocket_opcode opcode, uint64_t payload_bytes, uint8_t *out);

void websocket_mask(uint8_t *payload, size_t length);

/** A whole small frame: header and masked payload. */
size_t websocket_write(enum websocket_opcode opcode, const void *payload, size_t length,
                       uint8_t *out);

/**
 * A control frame that is whole: answers a ping, counts a pong.
 */
void websocket_take_control(struct connection *c, const struct websocket_frame *frame,
                            const uint8_t *payload, struct heard *heard);

#endif
