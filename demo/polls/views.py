"""The first page: how the files of this site reach a browser."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from polls.sources import find_sources, merge


def index(request: HttpRequest) -> HttpResponse:
    """Show where the files come from and what the browser gets."""
    sources = find_sources()
    return render(request, "polls/index.html", {"sources": sources, "merged": merge(sources)})
