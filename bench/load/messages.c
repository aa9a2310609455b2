/*
 * Messages of the echo and broadcast orders: the body is made once for an order, the header for
 * each connection is written directly before it, so that one `send` takes both.
 */
#include <string.h>

#include "connections.h"

size_t connections_make_body(struct load *load, enum heard_kind kind, size_t bytes) {
  size_t body = 0;
  if (bytes <= MESSAGE_BYTES_MAX) {
    body = load->protocol->body(kind, bytes, load->message + HEADER_BYTES_MAX);
  }
  if (body == 0) {
    load_fail(load, "the %s protocol has no messages of %zu bytes here", load->protocol->name,
              bytes);
  }
  return body;
}

bool connections_send_message(struct load *load, struct connection *c, enum heard_kind kind,
                              size_t body_bytes) {
  uint8_t header[HEADER_BYTES_MAX];
  size_t header_bytes = load->protocol->header(c, kind, body_bytes, header);
  uint8_t *start = load->message + HEADER_BYTES_MAX - header_bytes;
  memcpy(start, header, header_bytes);
  return connection_send(c, start, header_bytes + body_bytes);
}
