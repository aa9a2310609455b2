/*
 * The load generator: many connections of one protocol, one thread, orders on stdin.
 *
 * Usage: load --protocol line|frame|websocket|websocket-line|socketio|mqtt|nats --port P
 *             [--host 127.0.0.1] [--server-pid PID]... [--server-core N] [--handshakes 512]
 *             [--ping-word ping]
 *
 * Easy to break: between orders the connections live on, and what a server asks is answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "acknowledgements.h"
#include "clocks.h"
#include "connections.h"
#include "loop.h"
#include "orders.h"

enum { LINE_BYTES_MAX = 4096, USAGE_STATUS = 2 };
enum { PORT_MAX = 65535, PID_MAX = 1 << 22, CORE_MAX = 4095 };
enum { HANDSHAKES = 512, HANDSHAKES_MAX = 4096 };

static const char USAGE[] =
    "usage: load --protocol line|frame|websocket|websocket-line|socketio|mqtt|nats --port PORT\n"
    "            [--host 127.0.0.1] [--server-pid PID]... [--server-core N]\n"
    "            [--handshakes 512] [--ping-word ping]\n";

static bool read_whole(const char *text, long min, long max, long *value) {
  char *end = NULL;
  errno = 0;
  *value = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *value >= min && *value <= max;
}

static bool read_flag(struct load *load, const char *flag, const char *value) {
  long number = 0;
  if (strcmp(flag, "--protocol") == 0) {
    load->protocol = protocol_named(value);
    return load->protocol != NULL;
  }
  if (strcmp(flag, "--port") == 0) {
    if (!read_whole(value, 1, PORT_MAX, &number)) return false;
    load->address.sin_port = htons((uint16_t)number);
    return true;
  }
  if (strcmp(flag, "--host") == 0) {
    load->host = value;
    return inet_pton(AF_INET, value, &load->address.sin_addr) == 1;
  }
  if (strcmp(flag, "--server-pid") == 0) {
    struct watched_server *server = &load->server;
    if (server->pid_count == SERVER_PIDS_MAX) return false;
    if (!read_whole(value, 1, PID_MAX, &number)) return false;
    server->pids[server->pid_count++] = (pid_t)number;
    return true;
  }
  if (strcmp(flag, "--server-core") == 0) {
    if (!read_whole(value, 0, CORE_MAX, &number)) return false;
    load->server.core = (int)number;
    return true;
  }
  if (strcmp(flag, "--handshakes") == 0) {
    if (!read_whole(value, 1, HANDSHAKES_MAX, &number)) return false;
    load->handshakes_max = (uint32_t)number;
    return true;
  }
  return strcmp(flag, "--ping-word") == 0 && line_set_ping_word(value);
}

static bool read_flags(struct load *load, int count, char **words) {
  load->host = "127.0.0.1";
  load->server.core = -1;
  load->handshakes_max = HANDSHAKES;
  load->address.sin_family = AF_INET;
  load->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count || !read_flag(load, words[i], words[i + 1])) {
      fprintf(stderr, "%s: is not understood\n%s", words[i], USAGE);
      return false;
    }
  }
  if (load->protocol != NULL && load->address.sin_port != 0) return true;
  fputs(USAGE, stderr);
  return false;
}

/** Lets the connections live until something is on stdin. */
static void await_order(struct load *load) {
  struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = load->epoll_fd, .events = POLLIN}};
  for (;;) {
    uint64_t now = now_ns();
    uint64_t ack_due_at = acknowledgements_flush(load, now);
    int timeout_ms = ack_due_at == UINT64_MAX ? -1 : (int)((ack_due_at - now) / NS_PER_MS) + 1;
    watched[0].revents = watched[1].revents = 0;
    if (poll(watched, 2, timeout_ms) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    if (watched[1].revents != 0) loop_turn(load, 0);
  }
}

/** Runs all whole lines of the input; returns how many bytes of an unfinished one are left. */
static size_t run_lines(struct load *load, char *input, size_t length) {
  size_t start = 0;
  for (;;) {
    char *end = memchr(input + start, '\n', length - start);
    if (end == NULL) break;
    *end = '\0';
    orders_run(load, input + start);
    start = (size_t)(end - input) + 1;
  }
  memmove(input, input + start, length - start);
  return length - start;
}

int main(int count, char **words) {
  static struct load load;
  static char input[LINE_BYTES_MAX];
  size_t length = 0;
  if (!read_flags(&load, count, words)) return USAGE_STATUS;
  signal(SIGPIPE, SIG_IGN);
  /* The kernel may otherwise end each wait up to 50 us late, to save wakeups. */
  prctl(PR_SET_TIMERSLACK, 1);
  if (!connections_prepare(&load)) {
    fprintf(stderr, "%s\n", load.error);
    return 1;
  }
  for (;;) {
    await_order(&load);
    ssize_t got = read(STDIN_FILENO, input + length, sizeof(input) - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length = run_lines(&load, input, length + (size_t)got);
    /* A line that fills everything and does not end is no order. */
    if (length == sizeof(input)) {
      length = 0;
      strcpy(input, "?");
      orders_run(&load, input);
    }
  }
  while (load.open_count > 0) connections_close(&load, load.open[load.open_count - 1]);
  return 0;
}
