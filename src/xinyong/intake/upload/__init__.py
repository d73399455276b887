"""Files that come in through the web: kept piece by piece, then handed to the line."""
