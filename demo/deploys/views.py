"""The third page: a deploy, and what it costs a browser that has been here before."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from deploys.deploy import DeployError, deploy_next
from deploys.permission import why_not


@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Show the release, and the button to those who may use it."""
    return render(request, "deploys/index.html", {"why_not": why_not(request)})


@require_POST
def deploy(request: HttpRequest) -> JsonResponse:
    """Make the next release, and say which it is. Its workers come a moment later."""
    problem = why_not(request)
    if problem is not None:
        return JsonResponse({"problem": problem}, status=403)
    try:
        return JsonResponse(deploy_next()._asdict())
    except DeployError as error:
        return JsonResponse({"problem": str(error)}, status=503)
