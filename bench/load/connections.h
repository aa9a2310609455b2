/*
 * Opening, reading and closing connections.
 *
 * Easy to break: whoever reads may find the connection gone afterwards; each reader says so by
 * returning false, and the connection's memory belongs to somebody else from then on.
 */
#ifndef LOAD_CONNECTIONS_H
#define LOAD_CONNECTIONS_H

#include "load.h"

/** Table, buffers and epoll; false with a reason in `load->error`. */
bool connections_prepare(struct load *load);

/** Begins to open one. NULL with errno if that is not possible. */
struct connection *connections_dial(struct load *load, uint64_t now);

/** The handshake is done: it counts from now on. */
void connections_settle(struct load *load, struct connection *c);

/** What epoll says about one. */
void connections_event(struct load *load, struct connection *c, uint32_t events, uint64_t now);

/** Reads what is there into `heard`; false if the connection has gone. */
bool connections_read(struct load *load, struct connection *c, struct heard *heard, bool to_end);

/** Our side closes: with FIN, after taking what was unread, since that would become a reset. */
void connections_close(struct load *load, struct connection *c);

/** Registers with epoll, and takes out of it for orders that read by themselves. */
void connections_watch(struct load *load, struct connection *c);
void connections_unwatch(struct load *load, struct connection *c);

/** Sends a message whose body has been made in `load->message`. False if the peer is gone. */
bool connections_send_message(struct load *load, struct connection *c, enum heard_kind kind,
                              size_t body_bytes);

/** Makes the body for `connections_send_message`; 0 with a reason if none is so long. */
size_t connections_make_body(struct load *load, enum heard_kind kind, size_t bytes);

#endif
