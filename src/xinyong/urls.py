"""All addresses. Chinese pages stand at the root, English pages below /en/."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from xinyong.accounts import console as accounts_console
from xinyong.catalogue import public as catalogue_public
from xinyong.intake import console as intake_console
from xinyong.intake import rhythm_console
from xinyong.publicity import public
from xinyong.reports import public as reports_public
from xinyong.ui import health

console_patterns: list[URLPattern | URLResolver] = [
    *accounts_console.urlpatterns,
    *intake_console.urlpatterns,
    *rhythm_console.urlpatterns,
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    *reports_public.api_urlpatterns,
    *i18n_patterns(
        *public.urlpatterns,
        *reports_public.urlpatterns,
        *catalogue_public.urlpatterns,
        path("console/", include(console_patterns)),
        prefix_default_language=False,
    ),
]

handler404 = "xinyong.ui.errors.not_found"
handler500 = "xinyong.ui.errors.server_error"
