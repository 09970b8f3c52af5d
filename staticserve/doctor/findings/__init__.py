"""The findings: a module for each topic, with a table of its rules."""
