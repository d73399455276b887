"""The line of waiting deliveries, the lease on one, and the workers that take them in."""
