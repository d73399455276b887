"""The public credit report: ten official chapters as a signed PDF, and its verification."""
