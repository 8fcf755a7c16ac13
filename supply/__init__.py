"""What comes from others: the locks that name it, what is known against it, and under which licences it comes.

Programs of the repository's, run from its root; no part of the application, which imports none of them.
"""
