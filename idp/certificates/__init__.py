"""What a card proves: signatures, chains, subjects and revocation of the government's certificates (GPKI).

Pure: what is expected comes by keyword, a CardHolder or one refusal comes back. No database, no network, no web.
"""
