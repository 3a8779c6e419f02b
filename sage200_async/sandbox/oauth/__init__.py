"""The sandbox's Sage ID.

- `authorization_server`: codes, tokens and their errors.
- `consent`: the page on which a person consents.
"""
