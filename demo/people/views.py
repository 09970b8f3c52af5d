"""The second page: files of the other directory."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Person(NamedTuple):
    """Somebody the web would not be the same without."""

    key: str
    name: str
    born: int
    did: str


PEOPLE = [
    Person("ada", "Ada Lovelace", 1815, "Wrote the first published program, for a machine that was never built."),
    Person("grace", "Grace Hopper", 1906, "Had the machine translate words into code, and called it a compiler."),
    Person("mary", "Mary Allen Wilkes", 1937, "Wrote an operating system at home, on the first home computer."),
    Person(
        "radia", "Radia Perlman", 1951, "Taught networks to find a way through themselves without going in circles."
    ),
    Person("tim", "Tim Berners-Lee", 1955, "Put links between documents, and gave the result to everybody."),
]


def index(request: HttpRequest) -> HttpResponse:
    """Show the people."""
    return render(request, "people/index.html", {"people": PEOPLE})
