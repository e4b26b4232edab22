"""Django's side, in one file: `python web.py runserver --noreload 8000`; for WSGI servers it is `web:application`.

GET  /stations                 who is connected, at any node
POST /stations/CP0001/reset    resets a station now, and waits for its answer
POST /stations/CP0001/resets   leaves that to a Celery task; answers with the task's id
GET  /resets/<id>              how the task ended

It authenticates nobody: put its views behind the login of your site.
"""

from __future__ import annotations

import sys

from celery.result import AsyncResult
from charging import cluster, soft_reset
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from tasks import app

from ocpp_fast import NotConnected, OcppError

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="not used: no sessions")


@require_GET
def stations(request: HttpRequest) -> JsonResponse:
    return JsonResponse({each.id: each.node for each in cluster().stations()})


@csrf_exempt
@require_POST
def reset_now(request: HttpRequest, identity: str) -> JsonResponse:
    try:
        return JsonResponse({"status": soft_reset(identity)})
    except OcppError as error:
        return JsonResponse({"error": str(error)}, status=404 if isinstance(error, NotConnected) else 502)


@csrf_exempt
@require_POST
def reset_later(request: HttpRequest, identity: str) -> JsonResponse:
    return JsonResponse({"id": app.send_task("tasks.reset", [identity]).id}, status=202)


@require_GET
def outcome(request: HttpRequest, task: str) -> JsonResponse:
    result = AsyncResult(task, app=app)
    return JsonResponse(result.result if result.successful() else {"state": result.state})


urlpatterns = [
    path("stations", stations),
    path("stations/<str:identity>/reset", reset_now),
    path("stations/<str:identity>/resets", reset_later),
    path("resets/<str:task>", outcome),
]
application = get_wsgi_application()

if __name__ == "__main__":
    try:
        cluster()
    except OcppError as error:
        sys.exit(f"cannot join the cluster: {error}")
    execute_from_command_line(sys.argv)
