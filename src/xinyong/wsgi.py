"""The WSGI entry of the site, served by Granian."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from xinyong.runtime import database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings_web")
database.keep_sessions()
application = get_wsgi_application()
