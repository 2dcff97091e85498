"""港區通行證系統: the second application, where people apply for passes to the ports, look them up and print them.

What a relying party has to do is in ``clients.relying``. Here is what is its own: records kept under ``iss`` +
``tenant`` + ``sub`` with the linked account they were made through, seen by their own account alone or by the whole
company (claim ``data_scope``).
"""
