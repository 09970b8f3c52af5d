"""Where hashed names are made."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ModuleStorage(ManifestStaticFilesStorage):
    """Django's own storage, which here writes hashed names into JavaScript's imports as well as into CSS."""

    support_js_module_import_aggregation = True
