"""Where workers are seen: processes, heartbeats, queues in Redis, and what supervises processes."""
