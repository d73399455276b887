"""What the operator writes: news, policies, interpretations and cases, with drafts, preview, schedule and archive."""
