"""What every application of ours has to do as a relying party, written once.

An application brings its name, menu, words, pages and records (``Application``); from here it gets signing in and out,
sessions ended by ``sid``, rights re-read within five minutes, the guard before every page, and the pages that say why
something did not work. ``docs/connect-an-application.md`` tells how to do the same elsewhere.
"""
