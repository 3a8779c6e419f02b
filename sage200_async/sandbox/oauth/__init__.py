"""The sandbox's Sage ID.

- `authorization_server`: codes, tokens and their errors.
- `consent`: the page on which a person consents.
- `endpoints`: the paths of all that.
- `jwt`: signed tokens, and the key to verify them.
- `requests`: what is asked, and which requests are refused.
- `state`: sign-ins, codes and tokens as values.
"""
