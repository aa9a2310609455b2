/*
 * The reference for the line dialect: what one thread in C can do with epoll, and nothing more.
 *
 * Usage: epoll-server [--timeout-ms 60000] [--silent]
 *
 * It chooses a port on 127.0.0.1 and tells it on stdout, knows the order `gc` on stdin, and exits
 * when stdin ends. `ping` is answered with `pong` unless it is silent, a line that starts with `!`
 * goes to all, every other line goes back. Who is silent for the timeout is closed.
 *
 * Easy to break: epoll is edge-triggered here, so whoever stops before a socket is drained has to
 * come back by himself.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  BACKLOG = 4096,
  BATCH = 1024,
  LINE_BYTES_MAX = 65536,
  READ_BYTES = 65536,
  /** From here on a peer that does not read is not read either. */
  UNSENT_BYTES_HIGH = 256 * 1024,
  /** Broadcasts come unasked: a peer that lets so much pile up is closed. */
  UNSENT_BYTES_MAX = 4 * 1024 * 1024,
  FILES_MAX = 1 << 20,
  SWEEP_MS = 1000,
  SECOND_MS = 1000,
  TIMEOUT_MS_DEFAULT = 60000,
  ORDER_BYTES_MAX = 64
};

/** Bytes that wait; NULL where nothing does. */
struct waiting {
  uint32_t length;
  uint32_t capacity;
  char data[];
};

/** By descriptor. Open ones have heard_at_ms > 0. */
static uint64_t *heard_at_ms;
static struct waiting **partial;
static struct waiting **unsent;
static int fd_end;

static int epoll_fd;
static int listen_fd;
static bool is_accepting;
static bool is_silent;
static uint64_t timeout_ms = TIMEOUT_MS_DEFAULT;
static uint64_t now_ms;

static char input[LINE_BYTES_MAX + READ_BYTES];
/** An answer is never longer than its question, so a reading's answers fit. */
static char output[LINE_BYTES_MAX + READ_BYTES];
static size_t output_bytes;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t read_clock_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return (uint64_t)time.tv_sec * SECOND_MS + (uint64_t)time.tv_nsec / 1000000 + 1;
}

static void drop(struct waiting **waiting) {
  free(*waiting);
  *waiting = NULL;
}

static bool append(struct waiting **waiting, const char *data, size_t length, size_t length_max) {
  size_t before = *waiting == NULL ? 0 : (*waiting)->length;
  size_t capacity = *waiting == NULL ? 0 : (*waiting)->capacity;
  if (length == 0) return true;
  if (before + length > length_max) return false;
  if (before + length > capacity) {
    capacity = capacity == 0 ? length : 2 * capacity;
    if (capacity < before + length) capacity = before + length;
    struct waiting *grown = realloc(*waiting, sizeof(struct waiting) + capacity);
    if (grown == NULL) return false;
    grown->capacity = (uint32_t)capacity;
    *waiting = grown;
  }
  memcpy((*waiting)->data + before, data, length);
  (*waiting)->length = (uint32_t)(before + length);
  return true;
}

static void close_connection(int fd) {
  close(fd);
  drop(&partial[fd]);
  drop(&unsent[fd]);
  heard_at_ms[fd] = 0;
}

/** Writes or keeps; closes a peer that lets too much pile up. False if it is gone. */
static bool write_to(int fd, const char *data, size_t length) {
  size_t sent = 0;
  if (unsent[fd] == NULL) {
    ssize_t taken = send(fd, data, length, MSG_NOSIGNAL);
    if (taken == (ssize_t)length) return true;
    if (taken > 0) sent = (size_t)taken;
    if (taken < 0 && errno != EAGAIN) {
      close_connection(fd);
      return false;
    }
  }
  if (append(&unsent[fd], data + sent, length - sent, UNSENT_BYTES_MAX)) return true;
  close_connection(fd);
  return false;
}

static bool flush_output(int fd) {
  size_t length = output_bytes;
  output_bytes = 0;
  return length == 0 || write_to(fd, output, length);
}

static void send_to_all(const char *line, size_t length) {
  for (int fd = 0; fd < fd_end; fd++) {
    if (heard_at_ms[fd] != 0) write_to(fd, line, length);
  }
}

/** `length` counts the line feed. False if the peer is gone. */
static bool take_line(int fd, const char *line, size_t length) {
  if (length == 5 && memcmp(line, "ping\n", 5) == 0) {
    if (is_silent) return true;
    memcpy(output + output_bytes, "pong\n", 5);
    output_bytes += 5;
    return true;
  }
  if (line[0] != '!') {
    memcpy(output + output_bytes, line, length);
    output_bytes += length;
    return true;
  }
  /* What this peer asked before the broadcast is answered before it. */
  if (!flush_output(fd)) return false;
  send_to_all(line, length);
  return heard_at_ms[fd] != 0;
}

/** Takes all whole lines of `input`, keeps the rest. False if the peer is gone. */
static bool take_lines(int fd, size_t length) {
  size_t start = 0;
  while (start < length) {
    const char *end = memchr(input + start, '\n', length - start);
    size_t line_bytes = (end == NULL ? length : (size_t)(end - input)) - start;
    if (line_bytes > LINE_BYTES_MAX) {
      output_bytes = 0;
      close_connection(fd);
      return false;
    }
    if (end == NULL) break;
    if (!take_line(fd, input + start, line_bytes + 1)) return false;
    start += line_bytes + 1;
  }
  if (!flush_output(fd)) return false;
  return append(&partial[fd], input + start, length - start, LINE_BYTES_MAX);
}

/** `to_end`: there may be no further edge, so only an empty socket or its end will do. */
static void read_from(int fd, bool to_end) {
  for (;;) {
    if (unsent[fd] != NULL && unsent[fd]->length > UNSENT_BYTES_HIGH) return;
    size_t kept = 0;
    if (partial[fd] != NULL) {
      kept = partial[fd]->length;
      memcpy(input, partial[fd]->data, kept);
    }
    ssize_t got = recv(fd, input + kept, READ_BYTES, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      close_connection(fd);
      return;
    }
    heard_at_ms[fd] = now_ms;
    if (kept > 0) drop(&partial[fd]);
    if (!take_lines(fd, kept + (size_t)got)) return;
    if (got < READ_BYTES && !to_end) return;
  }
}

/** Writes what was kept, then reads what was left unread because of it. */
static void resume(int fd) {
  struct waiting *kept = unsent[fd];
  ssize_t taken = send(fd, kept->data, kept->length, MSG_NOSIGNAL);
  if (taken < 0) {
    if (errno != EAGAIN) close_connection(fd);
    return;
  }
  bool was_paused = kept->length > UNSENT_BYTES_HIGH;
  kept->length -= (uint32_t)taken;
  if (kept->length == 0) {
    drop(&unsent[fd]);
  } else {
    memmove(kept->data, kept->data + taken, kept->length);
  }
  if (was_paused) read_from(fd, true);
}

static void watch(int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

static void accept_all(void) {
  for (;;) {
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      bool is_full = errno == EMFILE || errno == ENFILE;
      /* The listener is level-triggered: left in, it would wake us for ever. */
      if (is_full) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, listen_fd, NULL);
      is_accepting = !is_full;
      if (errno == ECONNABORTED) continue;
      return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    heard_at_ms[fd] = now_ms;
    if (fd >= fd_end) fd_end = fd + 1;
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}

static void sweep(void) {
  for (int fd = 0; fd < fd_end; fd++) {
    if (heard_at_ms[fd] != 0 && now_ms - heard_at_ms[fd] > timeout_ms) close_connection(fd);
  }
  if (!is_accepting) watch(listen_fd, EPOLLIN);
  is_accepting = true;
}

static void say(const char *text) {
  fputs(text, stdout);
  fflush(stdout);
}

static void take_orders(void) {
  static char order[ORDER_BYTES_MAX];
  static size_t length;
  char read_bytes[ORDER_BYTES_MAX];
  ssize_t got = read(STDIN_FILENO, read_bytes, sizeof(read_bytes));
  if (got <= 0) exit(0);
  for (ssize_t i = 0; i < got; i++) {
    if (read_bytes[i] != '\n') {
      if (length < sizeof(order)) order[length++] = read_bytes[i];
      continue;
    }
    if (length == 2 && memcmp(order, "gc", 2) == 0) {
      malloc_trim(0);
      say("{\"event\":\"gc\"}\n");
    }
    length = 0;
  }
}

static void prepare(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) fail("getrlimit");
  files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) fail("setrlimit");
  heard_at_ms = calloc(files.rlim_cur, sizeof(*heard_at_ms));
  partial = calloc(files.rlim_cur, sizeof(struct waiting *));
  unsent = calloc(files.rlim_cur, sizeof(struct waiting *));
  if (heard_at_ms == NULL || partial == NULL || unsent == NULL) fail("calloc");
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (epoll_fd < 0 || listen_fd < 0) fail("socket");
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(address);
  if (bind(listen_fd, (struct sockaddr *)&address, length) != 0 ||
      listen(listen_fd, BACKLOG) != 0 ||
      getsockname(listen_fd, (struct sockaddr *)&address, &length) != 0) {
    fail("listen");
  }
  watch(listen_fd, EPOLLIN);
  is_accepting = true;
  watch(STDIN_FILENO, EPOLLIN);
  printf("{\"event\":\"ready\",\"port\":%u}\n", ntohs(address.sin_port));
  fflush(stdout);
}

static void handle(int fd, uint32_t events) {
  if (fd == listen_fd) {
    accept_all();
  } else if (fd == STDIN_FILENO) {
    take_orders();
  } else if (heard_at_ms[fd] != 0) {
    if ((events & EPOLLOUT) != 0 && unsent[fd] != NULL) resume(fd);
    if ((events & ~(uint32_t)EPOLLOUT) == 0 || heard_at_ms[fd] == 0) return;
    read_from(fd, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
  }
}

static void run(void) {
  static struct epoll_event events[BATCH];
  uint64_t sweep_at_ms = read_clock_ms() + SWEEP_MS;
  for (;;) {
    now_ms = read_clock_ms();
    int wait_ms = sweep_at_ms > now_ms ? (int)(sweep_at_ms - now_ms) : 0;
    int count = epoll_wait(epoll_fd, events, BATCH, wait_ms);
    now_ms = read_clock_ms();
    for (int i = 0; i < count; i++) handle(events[i].data.fd, events[i].events);
    if (now_ms >= sweep_at_ms) {
      sweep();
      sweep_at_ms = now_ms + SWEEP_MS;
    }
  }
}

int main(int count, char **words) {
  for (int i = 1; i < count; i++) {
    char *end = NULL;
    if (strcmp(words[i], "--silent") == 0) {
      is_silent = true;
    } else if (strcmp(words[i], "--timeout-ms") == 0 && i + 1 < count &&
               (timeout_ms = strtoul(words[++i], &end, 10)) > 0 && *end == '\0') {
      continue;
    } else {
      fputs("usage: epoll-server [--timeout-ms 60000] [--silent]\n", stderr);
      return 2;
    }
  }
  prepare();
  run();
}
