"""The documentation site: the pages of docs/, and the reference that is made of the declarations and docstrings."""
