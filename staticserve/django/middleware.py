"""The same answers from Django's MIDDLEWARE, for those who prefer it to the wrapper. Sync and async."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from staticserve.django.conf import read_configuration
from staticserve.django.finders import find_name, is_found, serve_found
from staticserve.django.security import read_transport, security_fields
from staticserve.django.static import make_static
from staticserve.environs import request_fields

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class StaticServeMiddleware:
    """Serves static files and passes every other request on. Best placed right after SecurityMiddleware."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response: Callable[[HttpRequest], Any] = get_response
        self._configuration = read_configuration()
        by_finders_alone = self._configuration.debug and self._configuration.use_finders
        # What SecurityMiddleware adds, if it stands before us: for the worker that answers before either is asked.
        own_path = f"{type(self).__module__}.{type(self).__qualname__}"
        configuration = self._configuration.with_fields(security_fields(own_path))
        self.static = make_static(None, configuration, with_static_root=not by_finders_alone)
        self.static.transport = transport = read_transport(own_path)
        self.static.may_answer_early = (
            not self._configuration.use_finders
            and _is_outermost(own_path)
            and (transport is None or transport.is_told_by_request)
        )
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request, or have the next in the chain do it."""
        if self._is_async:
            return self._answer_async(request)
        response = self._answer(request)
        return self._announce(self.get_response(request)) if response is None else response

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_below_prefix(request):
            # The first request of a file reads it.
            response = await sync_to_async(self._answer, thread_sensitive=False)(request)
            if response is not None:
                return response
        return self._announce(await self.get_response(request))

    def _announce(self, response: Any) -> HttpResponseBase:
        """Return the application's response, with the release if that is asked for."""
        assert isinstance(response, HttpResponseBase)
        name = self.static.options.release_field
        if name is not None and self.static.mounts.release is not None:
            response.headers.setdefault(name, self.static.mounts.release)
        return response

    def _is_below_prefix(self, request: HttpRequest) -> bool:
        paths = (request.path_info, request.path)
        return find_name(self._configuration.prefixes, *paths) is not None or self._match(request) is not None

    def _answer(self, request: HttpRequest) -> HttpResponseBase | None:
        if self._configuration.use_finders:
            response = self._serve_found(request)
            if response is not None:
                return response
        path = self._match(request)
        if path is None or request.method is None:
            return None
        query = request.META.get("QUERY_STRING", "")
        is_secure = self.static.is_secure({"wsgi.url_scheme": request.scheme} | request.META)
        answer = self.static.answer(path, request.method, request_fields(request.META), query, is_secure=is_secure)
        if answer is None:
            return None
        plan, body = answer
        response = _make_response(body, self._is_async)
        response.status_code = plan.status
        del response.headers["Content-Type"]
        for name, value in plan.fields:
            response.headers[name] = value
        return response

    def _match(self, request: HttpRequest) -> str | None:
        return self.static.mounts.match(_raw(request.path_info), _raw(request.path.removesuffix(request.path_info)))

    def _serve_found(self, request: HttpRequest) -> HttpResponseBase | None:
        name = find_name(self._configuration.prefixes, request.path_info, request.path)
        if name is None:
            return None
        if is_found(name) or (self._configuration.debug and self._configuration.answers_misses):
            return serve_found(request, name)
        return None


def _is_outermost(own_path: str) -> bool:
    """Return whether nothing but SecurityMiddleware sees a request before this middleware does."""
    before = itertools.takewhile(lambda path: path != own_path, settings.MIDDLEWARE)
    return all(path == "django.middleware.security.SecurityMiddleware" for path in before)


def _raw(path: str) -> str:
    """Return a decoded path in the form of PATH_INFO."""
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def _make_response(body: Iterable[bytes], is_async: bool) -> HttpResponse | StreamingHttpResponse:
    if isinstance(body, list):
        return HttpResponse(b"".join(body))
    return StreamingHttpResponse(_pieces(body) if is_async else body)


async def _pieces(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    pieces = iter(body)
    read = sync_to_async(lambda: next(pieces, None), thread_sensitive=False)
    try:
        while (piece := await read()) is not None:
            yield piece
    finally:
        close: Callable[[], None] | None = getattr(body, "close", None)
        if close is not None:
            close()
