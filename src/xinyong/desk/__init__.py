"""The desk for the undecided (主体认定): rows whose entity is not certain, decided by a person with reasons."""
