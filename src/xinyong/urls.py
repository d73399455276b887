"""All addresses. Chinese pages stand at the root, English pages below /en/."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from xinyong.accounts import console as accounts_console
from xinyong.api import console as api_console
from xinyong.api import reference
from xinyong.api.site import site
from xinyong.catalogue import public as catalogue_public
from xinyong.centre import cases as centre_cases
from xinyong.centre import my as centre_my
from xinyong.centre import papers as centre_papers
from xinyong.centre import people as centre_people
from xinyong.centre import promises as centre_promises
from xinyong.centre import telling as centre_telling
from xinyong.commitments import console as commitments_console
from xinyong.commitments import public as commitments_public
from xinyong.content import console as content_console
from xinyong.content import public as content_public
from xinyong.desk import console as desk_console
from xinyong.desk import home_console, registry_console
from xinyong.feedback import console as feedback_console
from xinyong.feedback import public as feedback_public
from xinyong.feeds import console as feeds_console
from xinyong.intake import console as intake_console
from xinyong.intake.api import examples as intake_api_examples
from xinyong.intake.api import operations as intake_api
from xinyong.intake.record import console as record_console
from xinyong.intake.rhythm import console as rhythm_console
from xinyong.intake.upload import console as upload_console
from xinyong.ledger import console as ledger_console
from xinyong.ledger import public as ledger_public
from xinyong.lists import console as lists_console
from xinyong.lists import joint_console
from xinyong.lists import public as list_registry_public
from xinyong.opendata import public as opendata_public
from xinyong.publicity import console as rules_console
from xinyong.publicity.retention import console as retention_console
from xinyong.publicity.sheets import console as sheets_console
from xinyong.remedies import console as remedies_console
from xinyong.remedies import public as remedies_public
from xinyong.reports import console as reports_console
from xinyong.reports import public as reports_public
from xinyong.shares import console as shares_console
from xinyong.shares import public as shares_public
from xinyong.site import guides_public, lists_public, public
from xinyong.site import operations as site_operations
from xinyong.ui import health
from xinyong.verification import api as verification_api
from xinyong.verification import console as verification_console
from xinyong.verification import examples as verification_examples
from xinyong.verification import joint_api, joint_examples

intake_api_examples.register()
site_operations.register()
verification_examples.register()
joint_examples.register()
site.add_router("", intake_api.router)
site.add_router("", verification_api.router)
site.add_router("", joint_api.router)

console_patterns: list[URLPattern | URLResolver] = [
    *home_console.urlpatterns,
    *accounts_console.urlpatterns,
    *upload_console.urlpatterns,
    *record_console.urlpatterns,
    *intake_console.urlpatterns,
    *rhythm_console.urlpatterns,
    *desk_console.urlpatterns,
    *registry_console.urlpatterns,
    *api_console.urlpatterns,
    *feeds_console.urlpatterns,
    *ledger_console.urlpatterns,
    *rules_console.urlpatterns,
    *retention_console.urlpatterns,
    *sheets_console.urlpatterns,
    *remedies_console.urlpatterns,
    *lists_console.urlpatterns,
    *joint_console.urlpatterns,
    *verification_console.urlpatterns,
    *commitments_console.urlpatterns,
    *shares_console.urlpatterns,
    *content_console.urlpatterns,
    *feedback_console.urlpatterns,
    *reports_console.urlpatterns,
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    *ledger_public.urlpatterns,
    *reports_public.api_urlpatterns,
    *opendata_public.machine_urlpatterns,
    *centre_people.callback_urlpatterns,
    path("api/v1/", site.urls),
    *i18n_patterns(
        *public.urlpatterns,
        *lists_public.urlpatterns,
        *list_registry_public.urlpatterns,
        *commitments_public.urlpatterns,
        *guides_public.urlpatterns,
        *reports_public.urlpatterns,
        *remedies_public.urlpatterns,
        *shares_public.urlpatterns,
        *content_public.urlpatterns,
        *feedback_public.urlpatterns,
        *catalogue_public.urlpatterns,
        *opendata_public.urlpatterns,
        *reference.urlpatterns,
        *centre_my.urlpatterns,
        *centre_people.urlpatterns,
        *centre_cases.urlpatterns,
        *centre_telling.urlpatterns,
        *centre_promises.urlpatterns,
        *centre_papers.urlpatterns,
        path("console/", include(console_patterns)),
        prefix_default_language=False,
    ),
]

handler404 = "xinyong.ui.errors.not_found"
handler500 = "xinyong.ui.errors.server_error"
