"""DREAMS 案場申請: the first application that signs people in through the identity provider.

It shows what a relying party has to do with company accounts: it keys its records by ``iss`` + ``tenant`` +
``sub``, asks ``entitlements`` on the server before every page, re-reads them within five minutes, shows and
records ``act``, and ends a session by ``sid``. ``docs/connect-an-application.md`` tells how to do the same.
"""
