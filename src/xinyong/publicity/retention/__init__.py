"""What is kept how long after its publicity, and what then becomes of it: rules, runs with a report, the closed archive."""
