"""What may be collected: dataset entries with fields, editions, disclosure, sharing, deadlines and legal basis."""
