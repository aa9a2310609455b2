/*
 * See orders.h. The table says what each order is called and which numbers it takes.
 *
 * Easy to break: every number has a range, and every order ends by itself; an order from a wrong
 * script must neither hang nor exhaust the machine.
 */
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connections.h"
#include "loop.h"
#include "phases.h"

enum { ARGUMENTS_MAX = 3, WORDS_MAX = ARGUMENTS_MAX + 2, WINDOW_MAX = 65536 };
#define SECONDS_MAX 86400.0
#define RATE_MAX 1e8

typedef void run_order(struct load *load, const double *arguments, struct result *result);

struct argument {
  const char *name;
  double min;
  double max;
  bool is_whole;
};

struct order {
  const char *name;
  run_order *run;
  struct argument arguments[ARGUMENTS_MAX];
};

static void open_answered(struct load *load, const double *arguments, struct result *result) {
  run_open(load, (uint32_t)arguments[0], false, result);
}

static void open_silent(struct load *load, const double *arguments, struct result *result) {
  run_open(load, (uint32_t)arguments[0], true, result);
}

static void close_to(struct load *load, const double *arguments, struct result *result) {
  run_close_to(load, (uint32_t)arguments[0], result);
}

static void idle(struct load *load, const double *arguments, struct result *result) {
  run_idle(load, arguments[0], result);
}

static void beat(struct load *load, const double *arguments, struct result *result) {
  run_beat(load, arguments[0], arguments[1], result);
}

static void saturate(struct load *load, const double *arguments, struct result *result) {
  run_saturate(load, (uint32_t)arguments[0], arguments[1], result);
}

static void one_way(struct load *load, const double *arguments, struct result *result) {
  run_one_way(load, arguments[0], arguments[1], result);
}

static void echo(struct load *load, const double *arguments, struct result *result) {
  run_echo(load, (size_t)arguments[0], (uint32_t)arguments[1], arguments[2], result);
}

static void broadcast(struct load *load, const double *arguments, struct result *result) {
  run_broadcast(load, (size_t)arguments[0], arguments[1], result);
}

static void churn(struct load *load, const double *arguments, struct result *result) {
  run_churn(load, (uint32_t)arguments[0], arguments[1], result);
}

static void keep(struct load *load, const double *arguments, struct result *result) {
  run_keep(load, arguments[0], arguments[1], result);
}

static void fall_silent(struct load *load, const double *arguments, struct result *result) {
  run_fall_silent(load, arguments[0], result);
}

static void burst(struct load *load, const double *arguments, struct result *result) {
  (void)arguments;
  run_burst(load, result);
}

static void stats(struct load *load, const double *arguments, struct result *result) {
  (void)arguments;
  result_begin(load, result);
  loop_catch_up(load);
  result_end(load, result);
}

#define CONNECTIONS {"connections", 0, 65536, true}
#define SECONDS {"seconds", 0.001, SECONDS_MAX, false}
#define EVERY_MS {"every", 10, 3600000, false}
#define RATE {"rate", 0.001, RATE_MAX, false}
#define WINDOW {"window", 1, WINDOW_MAX, true}
#define BYTES {"bytes", 1, MESSAGE_BYTES_MAX, true}

static const struct order ORDERS[] = {
    {"open", open_answered, {CONNECTIONS}},
    {"open-silent", open_silent, {CONNECTIONS}},
    {"close-to", close_to, {CONNECTIONS}},
    {"idle", idle, {SECONDS}},
    {"beat", beat, {RATE, SECONDS}},
    {"saturate", saturate, {WINDOW, SECONDS}},
    {"one-way", one_way, {RATE, SECONDS}},
    {"echo", echo, {BYTES, WINDOW, SECONDS}},
    {"broadcast", broadcast, {BYTES, SECONDS}},
    {"churn", churn, {WINDOW, SECONDS}},
    {"keep", keep, {EVERY_MS, SECONDS}},
    {"fall-silent", fall_silent, {SECONDS}},
    {"burst", burst, {{0}}},
    {"stats", stats, {{0}}},
};

static const struct order *order_named(const char *name) {
  for (size_t i = 0; i < sizeof(ORDERS) / sizeof(ORDERS[0]); i++) {
    if (strcmp(ORDERS[i].name, name) == 0) return &ORDERS[i];
  }
  return NULL;
}

static bool read_argument(struct load *load, const struct argument *argument, const char *word,
                          double *value) {
  char *end = NULL;
  *value = word == NULL ? 0 : strtod(word, &end);
  bool is_number = word != NULL && end != word && *end == '\0';
  bool is_whole = is_number && *value >= argument->min && *value <= argument->max &&
                  *value == (double)(int64_t)*value;
  if (is_number && *value >= argument->min && *value <= argument->max &&
      (is_whole || !argument->is_whole)) {
    return true;
  }
  load_fail(load, "%s is a%s number from %g to %g; got %s", argument->name,
            argument->is_whole ? " whole" : "", argument->min, argument->max,
            word == NULL ? "nothing" : word);
  return false;
}

/** Cuts a line into words; returns how many there are, at most one more than are used. */
static size_t split(char *line, char **words) {
  size_t count = 0;
  char *rest = NULL;
  for (char *word = strtok_r(line, " \t\r\n", &rest); word != NULL && count < WORDS_MAX;
       word = strtok_r(NULL, " \t\r\n", &rest)) {
    words[count++] = word;
  }
  return count;
}

void orders_run(struct load *load, char *line) {
  static struct result result;
  memset(&result, 0, sizeof(result));
  char *words[WORDS_MAX] = {NULL};
  size_t count = split(line, words);
  const char *name = count > 0 ? words[0] : "";
  const struct order *order = order_named(name);
  double arguments[ARGUMENTS_MAX] = {0};
  bool is_understood = order != NULL;
  if (!is_understood) load_fail(load, "there is no order of this name");
  size_t wanted = 0;
  while (is_understood && wanted < ARGUMENTS_MAX && order->arguments[wanted].name != NULL) {
    const char *word = count > wanted + 1 ? words[wanted + 1] : NULL;
    is_understood = read_argument(load, &order->arguments[wanted], word, &arguments[wanted]);
    wanted++;
  }
  if (is_understood && count > wanted + 1) {
    load_fail(load, "%s takes %zu numbers; got more", name, wanted);
    is_understood = false;
  }
  /* What went wrong between orders belongs to none of them. */
  if (is_understood) {
    load->error[0] = '\0';
    order->run(load, arguments, &result);
  }
  result_tell(load, name, &result);
}
