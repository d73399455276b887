"""Which entity? Entities, identifiers and names of market entities. Natural persons are not subjects."""
