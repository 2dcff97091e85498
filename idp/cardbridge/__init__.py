"""The agent on the person's PC: it shows what is asked, takes the PIN in its own window, and has the card sign it.

Standard library only; pyscard, PyKCS11 and cryptography are imported by the backend that needs them. Nothing of the
provider's: which bytes are signed is written a second time on purpose (statement.py), and one test vector pins both.
"""
