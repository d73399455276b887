"""One record by hand or by API: its form, its preview, the lines it becomes."""
