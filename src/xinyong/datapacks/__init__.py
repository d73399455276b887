"""Laws, catalogues and code lists as data (YAML and CSV), each with source, article and effective dates. No code."""
