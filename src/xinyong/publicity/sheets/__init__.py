"""Every other dated rule beside the book of publicity: limits, conditions of repair, retention, the calendar, procedures."""
