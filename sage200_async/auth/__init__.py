"""OAuth 2: signing in, refreshing tokens, and storing them.

oauth           requests and replies of the two endpoints; pure
sign_in         a person, a browser, the first tokens
token_endpoint  sends what `oauth` says
token_manager   the tokens in use: refreshed once for everyone
stores/         where tokens are kept between runs
"""
