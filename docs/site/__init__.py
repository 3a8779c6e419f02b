"""The documentation site: ``python -m docs.site`` writes its pages to ``build/docs``.

The guides are the files of ``docs/``, copied. The pages of resources are written from
the catalog each time, so they are never older than it. Zensical (or MkDocs with
Material) then makes ``build/site`` of them, and ``python -m docs.site.links`` checks
every link in it. ``nox -s docs`` does all of it.
"""
