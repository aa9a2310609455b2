/* The list of protocols. A new one needs a line here and in protocol.h. */
#include <string.h>

#include "protocol.h"

static const struct protocol *const PROTOCOLS[] = {
    &LINE_PROTOCOL,     &FRAME_PROTOCOL, &WEBSOCKET_PROTOCOL, &WEBSOCKET_LINE_PROTOCOL,
    &SOCKETIO_PROTOCOL, &MQTT_PROTOCOL,  &NATS_PROTOCOL,
};

const struct protocol *protocol_named(const char *name) {
  for (size_t i = 0; i < sizeof(PROTOCOLS) / sizeof(PROTOCOLS[0]); i++) {
    if (strcmp(PROTOCOLS[i]->name, name) == 0) return PROTOCOLS[i];
  }
  return NULL;
}
