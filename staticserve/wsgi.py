"""``StaticServe``: the WSGI adapter. Request fields in, status and body out (PEP 3333)."""

from __future__ import annotations

import logging
import os
import weakref
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol, Unpack

from staticserve.announce import announcing
from staticserve.catalogue.live import LiveCatalogue
from staticserve.catalogue.opening import open_catalogue
from staticserve.content import open_body
from staticserve.environs import field_name, request_fields, request_scheme
from staticserve.errors import ManifestError, OctetsChangedError
from staticserve.manifest import MANIFEST_NAME, Manifest, read_manifest
from staticserve.memory import Memory
from staticserve.misses import (
    plan_miss,
    without_storing,
)
from staticserve.model import Fields, Plan, Redirect, Representation, Resource
from staticserve.mounts import Mounts
from staticserve.octets import DeferredOctets
from staticserve.options import OptionFields, Options, make_options
from staticserve.plan import make_plan, plan_range
from staticserve.semantics.dictionaries import is_secure_context
from staticserve.semantics.negotiation import parse_accept_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from staticserve.catalogue import Catalogue
    from staticserve.content import FileWrapper
    from staticserve.semantics.negotiation import Preference

log = logging.getLogger("staticserve")

STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

# A file that is replaced between planning and opening is described anew, this often.
_ATTEMPTS: Final = 3


class Transport(Protocol):
    """What must be known of the way that a request came before it is answered, and said in the answer."""

    scheme_field: str | None
    """The lower-case name of the request field that tells the scheme, if one does."""

    def added_fields(self, environ: Mapping[str, Any]) -> Fields | None:
        """Return the fields to add; nothing if the application must answer, with a redirect to https."""


_instances: Final[list[weakref.ref[StaticServe]]] = []


def live_instances() -> list[StaticServe]:
    """Return every ``StaticServe`` of this process, the newest, which is the outermost, first."""
    found = [instance for reference in _instances if (instance := reference()) is not None]
    return found[::-1]


class StaticServe:
    """Serves files below a URL prefix and leaves every other request to a WSGI application.

    ``root`` is a directory, ``prefix`` the URL path that it is served below (default ``/``). Without an
    application it serves alone. The options are listed in docs/options.md; a wrong one raises
    ``ConfigurationError``, which names the nearest right one.
    """

    def __init__(
        self,
        application: WSGIApplication | None = None,
        root: str | os.PathLike[str] | None = None,
        prefix: str | None = None,
        **options: Unpack[OptionFields],
    ) -> None:
        self._set_up(application, make_options(options, "StaticServe()"))
        if root is not None:
            self.add_files(root, prefix)

    @classmethod
    def from_options(cls, application: WSGIApplication | None, options: Options) -> StaticServe:
        """Return one without directories, for options that have been checked."""
        static = cls.__new__(cls)
        static._set_up(application, options)
        return static

    def _set_up(self, application: WSGIApplication | None, options: Options) -> None:
        self.options = options
        # Not "or": an application may be false, an empty table of routes for one.
        self.application: WSGIApplication = self._answer_miss if application is None else application
        # Our own answer says it itself.
        if options.release_field is not None and application is not None:
            self.application = announcing(self.application, options.release_field, lambda: self.mounts.release)
        self.memory = Memory(options.memory)
        self.mounts = Mounts(options, self.memory)
        self._ready = self.memory.get
        self.transport: Transport | None = None
        self.may_answer_early = True
        _instances.append(weakref.ref(self, _instances.remove))

    def add_files(self, root: str | os.PathLike[str], prefix: str | None = None) -> None:
        """Serve a directory below a prefix, too. Where two directories have a name, the later one's is served.

        A ``staticfiles.json`` in it proves which names are for ever. If the directory or the manifest cannot be
        read, that is logged, and what can be served is.
        """
        root = os.path.abspath(root)

        def read_root_manifest() -> Manifest:
            try:
                return read_manifest(os.path.join(root, MANIFEST_NAME)) or Manifest()
            except ManifestError as error:
                log.error("%s; files are served under their own names, none of them as immutable by it", error)
                return Manifest()

        self.add_directory(root, (make_prefix(prefix),), read_root_manifest)

    def add_directory(
        self,
        root: str,
        prefixes: tuple[str, ...],
        read_manifest: Callable[[], Manifest],
        *,
        answers_misses: bool | None = None,
        cure: str = "",
    ) -> None:
        """Serve a directory below several prefixes.

        ``read_manifest`` is called if there is no release store, which knows all that a manifest proves.
        ``cure`` is added to the log line that says that the directory cannot be read.
        """
        catalogue: Catalogue = (
            LiveCatalogue(root, self.options, read_manifest().name)
            if self.options.autorefresh
            else open_catalogue(root, self.options, read_manifest, cure)
        )
        if answers_misses is None:
            answers_misses = self.options.misses == "answer"
        self.mounts.add(prefixes, catalogue, answers_misses=answers_misses)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or have the application do it."""
        path = environ.get("PATH_INFO", "")
        ready = self._ready(path)
        # Nearly every request is for something in memory with no precondition, or with the tag that we gave out.
        # These shortcuts take it without the steps below, which would decide the same (a property test says so):
        # 0.4 µs instead of 2, which is what makes a 304 cheaper than not looking at its precondition.
        if ready is not None and "HTTP_IF_MATCH" not in environ and "HTTP_IF_UNMODIFIED_SINCE" not in environ:
            method = environ["REQUEST_METHOD"]
            preference = parse_accept_encoding(environ.get("HTTP_ACCEPT_ENCODING"))
            if ready.deltas and "HTTP_AVAILABLE_DICTIONARY" in environ:
                selected = self._recall_delta(ready, preference, environ)
            else:
                selected = ready.ready.get(preference)
            if selected is not None and (method == "GET" or method == "HEAD"):
                tag = environ.get("HTTP_IF_NONE_MATCH")
                if tag is None and "HTTP_IF_MODIFIED_SINCE" not in environ:
                    asked = environ.get("HTTP_RANGE") if method == "GET" else None
                    if asked is None:
                        fields = selected.fields
                        # A delta was recalled in a secure context.
                        if selected.secure_fields is not None and (selected.dictionary or self.is_secure(environ)):
                            fields = selected.secure_fields
                        start_response("200 OK", [*fields])
                        return [selected.octets] if method == "GET" else []  # type: ignore[list-item]  # in memory
                    if "HTTP_IF_RANGE" not in environ:
                        plan = plan_range(ready, selected, asked, is_secure=self.is_secure(environ))
                        start_response(STATUS_LINES[plan.status], [*plan.fields])
                        if len(plan.parts) == 1:
                            start, stop = plan.parts[0][0]
                            return [selected.octets[start:stop]]  # type: ignore[list-item]  # in memory
                        return open_body(plan, None)
                elif tag == selected.etag:
                    start_response("304 Not Modified", [*selected.not_modified_fields])
                    return []
        script_name = environ.get("SCRIPT_NAME")
        if not script_name and not (path.startswith(self.mounts.prefixes) and self.mounts.may_have_quickly(path)):
            return self.application(environ, start_response)
        matched = self.mounts.match(path, script_name)
        if matched is None:
            return self.application(environ, start_response)
        query, method = environ.get("QUERY_STRING", ""), environ["REQUEST_METHOD"]
        fields_asked, is_secure = request_fields(environ), self.is_secure(environ)
        answer = self.answer(matched, method, fields_asked, query, _file_wrapper(environ), is_secure=is_secure)
        if answer is None:
            return self.application(environ, start_response)
        plan, body = answer
        start_response(STATUS_LINES[plan.status], [*plan.fields])
        return body

    def is_secure(self, environ: Mapping[str, Any]) -> bool:
        """Return whether a request came in a secure context: by https, also as a proxy tells, or from this machine."""
        scheme = request_scheme(environ, self.options.secure_proxy_ssl_header)
        return is_secure_context(scheme, environ.get("HTTP_HOST", ""))

    @property
    def scheme_fields(self) -> set[str]:
        """Return the lower-case names of the fields by which a proxy tells the scheme, to us or to the transport."""
        proxy = self.options.secure_proxy_ssl_header
        told = {None if proxy is None else field_name(proxy[0])}
        if self.transport is not None:
            told.add(self.transport.scheme_field)
        return {name for name in told if name is not None}

    def _recall_delta(
        self, resource: Resource, preference: Preference, environ: Mapping[str, Any]
    ) -> Representation | None:
        """Return the delta that was selected before for such a request, if nothing has to be asked about it again."""
        if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin" or not self.is_secure(environ):
            return None
        return resource.ready.get((preference, environ["HTTP_AVAILABLE_DICTIONARY"]))

    def answer(
        self,
        path: str,
        method: str,
        fields: Mapping[str, str],
        query: str = "",
        file_wrapper: FileWrapper | None = None,
        *,
        is_secure: bool = False,
    ) -> tuple[Plan, Iterable[bytes]] | None:
        """Return the planned answer to a request and its opened body, or nothing if it is the application's.

        ``path`` is as for ``Mounts.find``, ``file_wrapper`` as for ``open_body``, the others as for ``make_plan``.
        Whoever gets a body with a ``close`` calls it.
        """
        plan = partial(make_plan, method=method, fields=fields, query=query, is_secure=is_secure)
        return self._answer(self.mounts.find(path), path, plan, method, file_wrapper)

    def _answer(
        self,
        found: Resource | Redirect | None,
        path: str,
        make: Callable[[Resource | Redirect], Plan],
        method: str,
        file_wrapper: FileWrapper | None,
    ) -> tuple[Plan, Iterable[bytes]] | None:
        for _ in range(_ATTEMPTS):
            if found is None:
                stale = self.mounts.find_successor(path) if self.options.stale == "serve" else None
                if stale is not None:
                    answer = self._answer(self.mounts.find(stale.path), stale.path, make, method, file_wrapper)
                    return answer and (without_storing(answer[0]), answer[1])
                break
            plan = make(found)
            try:
                if plan.sends_octets and isinstance(found, Resource):
                    plan = self._load(path, found, plan)
                return plan, open_body(plan, file_wrapper)
            except OctetsChangedError as error:
                log.warning("%s; it is described anew", error)
                self.memory.drop(path)
                found = self.mounts.find(path)
        if self.mounts.answers_misses(path):
            self.mounts.note_miss(path)
            miss = self._plan_miss(method)
            return miss, open_body(miss, None)
        return None

    def _load(self, path: str, resource: Resource, plan: Plan) -> Plan:
        """Return a plan whose representation is no longer deferred, and keep what was read for the next."""
        selected = plan.representation
        if selected is None or not isinstance(selected.octets, DeferredOctets):
            return plan
        loaded = selected._replace(octets=selected.octets.read())
        self.memory.keep_octets(path, resource, loaded)
        return plan._replace(representation=loaded)

    def _answer_miss(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        self.mounts.note_miss(self.mounts.match(path, environ.get("SCRIPT_NAME")) or path)
        plan = self._plan_miss(environ["REQUEST_METHOD"])
        start_response(STATUS_LINES[plan.status], [*plan.fields])
        return open_body(plan, None)

    def _plan_miss(self, method: str) -> Plan:
        name = self.options.release_field
        release = None if name is None else self.mounts.release
        announced = () if name is None or release is None else ((name, release),)
        return plan_miss(method, (*self.options.fields.items(), *announced))


def _file_wrapper(environ: WSGIEnvironment) -> FileWrapper | None:
    # waitress spins when a file ends before its Content-Length, because somebody truncated it.
    if environ.get("SERVER_SOFTWARE", "").startswith("waitress"):
        return None
    return environ.get("wsgi.file_wrapper")


def make_prefix(prefix: str | None) -> str:
    """Return a URL path prefix with one slash at either end."""
    stripped = (prefix or "").strip("/")
    return f"/{stripped}/" if stripped else "/"
