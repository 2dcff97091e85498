"""免稅函線上申辦: the third application, where the way one signed in decides how one may apply (manuals 003 and 004).

What a relying party has to do is in ``clients.relying``. Here is its own: 紙本申辦 for everybody, 全電子申辦 for
who showed the company's card in this sign-in (R-207), and cases that one company lets another's account see, named by
its number IC… (R-191).
"""
