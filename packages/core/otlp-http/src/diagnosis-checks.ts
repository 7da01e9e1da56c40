/** What `dbintel doctor` examines of an OTLP endpoint, in this order. A code keeps its meaning. */
export const checks = {
  "OTLP-CONN-001": "The name of the endpoint resolves.",
  "OTLP-TLS-001": "What is sent is encrypted, and the endpoint is who it says it is.",
  "OTLP-KEY-001": "New Relic's licence key is one, and belongs to the region of the endpoint.",
  "OTLP-SEND-001":
    "The endpoint takes an export without data, of each signal that is sent to it: path, key and TLS work.",
} as const;
