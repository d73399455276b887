"""Notices: what a firm is told, in the site, by e-mail, by webhook; and the documents that go with decisions."""
