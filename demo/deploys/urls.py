"""The third page, and its button."""

from django.urls import path

from deploys import views

app_name = "deploys"
urlpatterns = [path("", views.index, name="index"), path("next/", views.deploy, name="deploy")]
