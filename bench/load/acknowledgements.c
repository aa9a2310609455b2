/* See acknowledgements.h. */
#include "acknowledgements.h"

#include "clocks.h"

enum { AT_ONCE_BYTES = 32 * 1024, DELAY_MS = 100 };

static void acknowledge(struct load *load, struct connection *c) {
  uint8_t out[SMALL_BYTES_MAX];
  connection_send(c, out, load->protocol->acknowledge(c, out));
}

void acknowledgements_owe(struct load *load, struct connection *c) {
  if (load->protocol->acknowledge == NULL) return;
  /* In the middle of a message the ACK would not tell of it yet. */
  if (c->unacked_bytes >= AT_ONCE_BYTES && c->skip_bytes == 0) {
    acknowledge(load, c);
    return;
  }
  if (c->ack_queued) return;
  uint32_t place = (load->acks_first + load->acks_count) % load->capacity;
  load->acks[place] = (struct due_ack){now_ns() + DELAY_MS * NS_PER_MS, c->slot};
  load->acks_count++;
  c->ack_queued = true;
}

uint64_t acknowledgements_flush(struct load *load, uint64_t now) {
  while (load->acks_count > 0) {
    const struct due_ack *due = &load->acks[load->acks_first];
    if (due->due_at > now) return due->due_at;
    struct connection *c = &load->table[due->slot];
    load->acks_first = (load->acks_first + 1) % load->capacity;
    load->acks_count--;
    c->ack_queued = false;
    if (c->state == STATE_OPEN && c->unacked_bytes > 0) acknowledge(load, c);
  }
  return UINT64_MAX;
}
