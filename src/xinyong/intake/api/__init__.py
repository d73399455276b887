"""The API of intake: operations, schemas, reads, and the examples the tests run."""
