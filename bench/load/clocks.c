/* See clocks.h. */
#include "clocks.h"

#include <stdio.h>
#include <unistd.h>

static bool read_clock(clockid_t clock, uint64_t *ns) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) return false;
  *ns = (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
  return true;
}

/** The fourth column of the line `cpuN`, in ticks; see proc(5). */
static bool read_idle(int core, uint64_t *ns) {
  FILE *file = fopen("/proc/stat", "r");
  if (file == NULL) return false;
  char line[1024];
  bool found = false;
  while (!found && fgets(line, sizeof(line), file) != NULL) {
    int number = -1;
    unsigned long idle_ticks = 0;
    found = sscanf(line, "cpu%d %*u %*u %*u %lu", &number, &idle_ticks) == 2 && number == core;
    if (found) *ns = idle_ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
  }
  fclose(file);
  return found;
}

struct reading clocks_read(const struct watched_server *server) {
  struct reading reading = {.has_server = server->pid_count > 0};
  reading.has_idle = server->core >= 0 && read_idle(server->core, &reading.core_idle);
  for (uint32_t i = 0; i < server->pid_count; i++) {
    clockid_t clock;
    uint64_t ns = 0;
    if (clock_getcpuclockid(server->pids[i], &clock) != 0 || !read_clock(clock, &ns)) {
      reading.has_server = false;
    }
    reading.server_cpu += ns;
  }
  read_clock(CLOCK_PROCESS_CPUTIME_ID, &reading.load_cpu);
  reading.at = now_ns();
  return reading;
}
