"""What CEL values are and what functions do to them; standard library only.

An exported engine carries these modules with it, so nothing here imports anything of govlab
outside this package.
"""
