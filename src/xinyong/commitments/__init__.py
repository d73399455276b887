"""Credit commitments: texts, signing, letters, checks, findings, missing papers."""
