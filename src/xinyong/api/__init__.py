"""What every part of the API shares: who is calling, what may be used, one answer per idempotency key, the description."""
