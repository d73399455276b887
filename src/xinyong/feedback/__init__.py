"""Was this page helpful? Answers of visitors, without a trace of the visitor, and the queue of those who read them."""
