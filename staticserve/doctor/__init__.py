"""The doctor: what is wrong with a project's static files, why that matters, and how to mend it."""
