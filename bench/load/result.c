/* See result.h. */
#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void load_fail(struct load *load, const char *format, ...) {
  if (load->error[0] != '\0') return;
  va_list values;
  va_start(values, format);
  vsnprintf(load->error, sizeof(load->error), format, values);
  va_end(values);
}

void result_begin(struct load *load, struct result *result) {
  result->beats_before = load->beats;
  result->began = clocks_read(&load->server);
}

void result_end(struct load *load, struct result *result) {
  result->ended = clocks_read(&load->server);
  result->beats = load->beats - result->beats_before;
}

/** Orders and errors may hold what a person typed. */
static void write_text(const char *text) {
  putchar('"');
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
    if (*at == '"' || *at == '\\') {
      printf("\\%c", *at);
    } else if (*at < 0x20 || *at >= 0x7f) {
      printf("\\u%04x", *at);
    } else {
      putchar(*at);
    }
  }
  putchar('"');
}

static double in_seconds(uint64_t from, uint64_t to) {
  return to > from ? (double)(to - from) / (double)NS_PER_S : 0;
}

static void write_latency(const struct histogram *latency) {
  const double us = (double)NS_PER_US;
  printf(",\"p50Us\":%.2f,\"p99Us\":%.2f,\"maxUs\":%.2f", histogram_quantile(latency, 0.5) / us,
         histogram_quantile(latency, 0.99) / us, (double)latency->max / us);
}

static void write_figures(const struct load *load, const struct result *result) {
  const struct reading *began = &result->began;
  const struct reading *ended = &result->ended;
  double seconds = in_seconds(began->at, ended->at);
  printf(",\"open\":%u,\"seconds\":%.6f,\"count\":%lu,\"perSecond\":%.3f", load->open_count,
         seconds, result->count, seconds > 0 ? (double)result->count / seconds : 0.0);
  printf(",\"sent\":%lu,\"lost\":%lu,\"closedByServer\":%lu", result->sent, result->lost,
         load->closed_by_server);
  if (result->has_latency && result->latency.count > 0) write_latency(&result->latency);
  if (began->has_server && ended->has_server) {
    printf(",\"serverCpuSeconds\":%.6f", in_seconds(began->server_cpu, ended->server_cpu));
  }
  if (began->has_idle && ended->has_idle) {
    printf(",\"serverCoreIdleSeconds\":%.2f", in_seconds(began->core_idle, ended->core_idle));
  }
  printf(",\"loadCpuSeconds\":%.6f,\"beats\":%lu", in_seconds(began->load_cpu, ended->load_cpu),
         result->beats);
}

void result_tell(struct load *load, const char *order, const struct result *result) {
  fputs("{\"order\":", stdout);
  write_text(order);
  if (load->error[0] != '\0') {
    fputs(",\"error\":", stdout);
    write_text(load->error);
  } else {
    write_figures(load, result);
    load->closed_by_server = 0;
  }
  fputs("}\n", stdout);
  fflush(stdout);
  load->error[0] = '\0';
}
