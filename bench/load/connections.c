/*
 * See connections.h. All connections read into one buffer; what is left of a cut frame is put in
 * front of it at the next reading, so that protocols see whole frames or the beginning of one.
 */
#include "connections.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acknowledgements.h"

enum {
  READ_BYTES = 256 * 1024,
  /** A cut frame is at most a handshake or a header; messages are counted, not kept. */
  KEPT_BYTES_MAX = 128 * 1024,
  DESCRIPTORS_KEPT = 16,
  CAPACITY_MAX = 65536,
  /** Source addresses: 127.0.0.2 and on. */
  SOURCES = 32
};

bool connections_prepare(struct load *load) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  rlim_t usable = files.rlim_cur > CAPACITY_MAX ? CAPACITY_MAX : files.rlim_cur;
  load->capacity = usable > DESCRIPTORS_KEPT ? (uint32_t)usable - DESCRIPTORS_KEPT : 0;
  size_t table_bytes = load->capacity * sizeof(struct connection);
  load->table = aligned_alloc(_Alignof(struct connection), table_bytes);
  load->free_slots = calloc(load->capacity, sizeof(uint32_t));
  load->open = calloc(load->capacity, sizeof(struct connection *));
  load->acks = calloc(load->capacity, sizeof(struct due_ack));
  load->buffer = malloc(KEPT_BYTES_MAX + READ_BYTES);
  load->message = malloc(HEADER_BYTES_MAX + MESSAGE_BYTES_MAX + HEADER_BYTES_MAX);
  load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (load->table == NULL || load->free_slots == NULL || load->open == NULL ||
      load->acks == NULL || load->buffer == NULL || load->message == NULL || load->epoll_fd < 0) {
    load_fail(load, "there is not enough memory for %u connections", load->capacity);
    return false;
  }
  for (uint32_t slot = 0; slot < load->capacity; slot++) {
    load->free_slots[load->free_count++] = load->capacity - 1 - slot;
    load->table[slot] = (struct connection){.fd = -1};
  }
  return true;
}

/** Both directions from the start, edge-triggered: nothing ever has to be changed. */
void connections_watch(struct load *load, struct connection *c) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                              .data.ptr = c};
  epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

void connections_unwatch(struct load *load, struct connection *c) {
  epoll_ctl(load->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
}

/**
 * On loopback each dial comes from another of a few addresses. With all from one the kernel's
 * search for a free port gets long when half of the ports are taken, and it is the search that a
 * storm would measure.
 */
static bool choose_source(const struct load *load, int fd) {
  uint32_t server = ntohl(load->address.sin_addr.s_addr);
  if (server >> 24 != IN_LOOPBACKNET) return true;
  int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  uint32_t source = INADDR_LOOPBACK + 1 + (uint32_t)(load->dial_count % SOURCES);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
  return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

struct connection *connections_dial(struct load *load, uint64_t now) {
  if (load->free_count == 0) {
    errno = EMFILE;
    return NULL;
  }
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return NULL;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (!choose_source(load, fd) ||
      (connect(fd, (struct sockaddr *)&load->address, sizeof(load->address)) != 0 &&
       errno != EINPROGRESS)) {
    int reason = errno;
    close(fd);
    errno = reason;
    return NULL;
  }
  uint32_t slot = load->free_slots[--load->free_count];
  struct connection *c = &load->table[slot];
  bool ack_queued = c->ack_queued;
  memset(c, 0, sizeof(*c));
  c->fd = fd;
  c->slot = slot;
  c->state = STATE_CONNECTING;
  /* A due time of the slot's last owner may still be in the ring; it does no harm. */
  c->ack_queued = ack_queued;
  c->dialled_at = now;
  c->number = (uint64_t)getpid() << 26 | (++load->dial_count & ((1u << 26) - 1));
  connections_watch(load, c);
  return c;
}

void connections_settle(struct load *load, struct connection *c) {
  c->state = STATE_OPEN;
  c->place = load->open_count;
  load->open[load->open_count++] = c;
}

static void release(struct load *load, struct connection *c) {
  if (c->state == STATE_OPEN) {
    struct connection *last = load->open[--load->open_count];
    load->open[c->place] = last;
    last->place = c->place;
  }
  close(c->fd);
  bytes_free(&c->kept);
  bytes_free(&c->unsent);
  c->fd = -1;
  c->state = STATE_FREE;
  load->free_slots[load->free_count++] = c->slot;
}

void connections_close(struct load *load, struct connection *c) {
  while (recv(c->fd, load->buffer, READ_BYTES, MSG_DONTWAIT) > 0) continue;
  release(load, c);
}

static void lose(struct load *load, struct connection *c) {
  /* One that was never connected was refused, not closed. */
  if (c->state != STATE_CONNECTING) load->closed_by_server++;
  if (load->phase != NULL && load->phase->gone != NULL) load->phase->gone(load->phase, c);
  release(load, c);
}

/** Uses up what was read; false if the protocol does not allow it. */
static bool use(struct load *load, struct connection *c, const uint8_t *data, size_t length,
                struct heard *heard) {
  if (c->skip_bytes > 0) {
    size_t skipped = c->skip_bytes < length ? (size_t)c->skip_bytes : length;
    c->skip_bytes -= skipped;
    data += skipped;
    length -= skipped;
    if (c->skip_bytes > 0) return true;
    heard->counts[c->skip_kind]++;
    c->messages++;
    if (length == 0) return true;
  }
  size_t used = load->protocol->parse(c, data, length, heard);
  if (used == PARSE_FAULT) {
    load_fail(load, "the server said what the %s protocol does not allow", load->protocol->name);
    return false;
  }
  return used == length || bytes_append(&c->kept, data + used, length - used, KEPT_BYTES_MAX);
}

bool connections_read(struct load *load, struct connection *c, struct heard *heard, bool to_end) {
  for (;;) {
    size_t kept = 0;
    if (c->kept != NULL) {
      kept = c->kept->length;
      memcpy(load->buffer, c->kept->data, kept);
    }
    ssize_t got = recv(c->fd, load->buffer + kept, READ_BYTES, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got > 0 && kept > 0) bytes_free(&c->kept);
    if (got <= 0 || !use(load, c, load->buffer, kept + (size_t)got, heard)) {
      lose(load, c);
      return false;
    }
    /* Less than was asked for is all there is: what comes later is a new edge. */
    if (got < READ_BYTES && !to_end) break;
  }
  if (c->unacked_bytes > 0) acknowledgements_owe(load, c);
  load->beats += heard->counts[HEARD_ASKED];
  return true;
}

static bool greet(struct load *load, struct connection *c) {
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    load_fail(load, "could not connect to %s:%u: %s", load->host, ntohs(load->address.sin_port),
              strerror(error));
    return false;
  }
  uint8_t out[SMALL_BYTES_MAX];
  c->state = STATE_GREETING;
  size_t greeting = load->protocol->greet(c, out);
  return greeting == 0 || connection_send(c, out, greeting);
}

static void on_ready(struct load *load, struct connection *c, uint64_t now) {
  if (load->opens_silently && !load->protocol->greets_with_beat) {
    uint8_t out[SMALL_BYTES_MAX];
    connection_send(c, out, load->protocol->one_way(c, out));
  }
  if (load->phase != NULL && load->phase->ready != NULL) {
    load->phase->ready(load->phase, c, now);
  } else {
    connections_settle(load, c);
  }
}

void connections_event(struct load *load, struct connection *c, uint32_t events, uint64_t now) {
  if (c->state == STATE_FREE) return;
  if (c->state == STATE_CONNECTING && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    if (!greet(load, c)) {
      lose(load, c);
      return;
    }
    if (load->opens_silently && load->protocol->greets_with_beat) on_ready(load, c, now);
  }
  if (c->unsent != NULL && (events & EPOLLOUT) != 0) connection_flush(c);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
  struct heard heard = {0};
  bool to_end = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (!connections_read(load, c, &heard, to_end)) return;
  if (c->state == STATE_GREETING) {
    if (heard.is_ready) on_ready(load, c, now);
  } else if (load->phase != NULL && load->phase->heard != NULL) {
    load->phase->heard(load->phase, c, &heard, now);
  }
}
