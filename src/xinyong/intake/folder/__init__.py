"""The watched folder and the slips it leaves beside a file."""
