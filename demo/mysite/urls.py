"""The pages of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("polls.urls")),
    path("people/", include("people.urls")),
    path("deploys/", include("deploys.urls")),
    path("admin/", admin.site.urls),
]
