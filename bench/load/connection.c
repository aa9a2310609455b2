/* See connection.h: output of one connection, and counting of what it receives. */
#include "connection.h"

#include <errno.h>
#include <sys/socket.h>

/** A server that takes nothing for so long has stopped; orders count what is lost. */
enum { UNSENT_BYTES_MAX = 8 * 1024 * 1024 };

bool connection_send(struct connection *c, const void *data, size_t length) {
  size_t sent = 0;
  if (c->unsent == NULL) {
    ssize_t taken = send(c->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken == (ssize_t)length) return true;
    /* Of an error the reader hears, too, and that is where the connection ends. */
    if (taken < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (taken > 0) sent = (size_t)taken;
  }
  return bytes_append(&c->unsent, (const uint8_t *)data + sent, length - sent, UNSENT_BYTES_MAX);
}

void connection_flush(struct connection *c) {
  if (c->unsent == NULL) return;
  ssize_t taken =
      send(c->fd, c->unsent->data, c->unsent->length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken > 0) bytes_drop(&c->unsent, (size_t)taken);
}

size_t connection_message(struct connection *c, struct heard *heard, enum heard_kind kind,
                          uint64_t total, size_t have) {
  if (have < total) {
    c->skip_bytes = total - have;
    c->skip_kind = (uint8_t)kind;
    return have;
  }
  heard->counts[kind]++;
  c->messages++;
  return (size_t)total;
}
