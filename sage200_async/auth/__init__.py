"""OAuth 2: signing in, refreshing tokens, and storing them.

oauth           requests to the two endpoints, and their responses; pure
sign_in         a person's browser, and the first tokens
token_endpoint  sends the requests of `oauth`
token_manager   the tokens in use, refreshed once for all requests
access_token    one for other processes, which cannot refresh it
stores/         where tokens are kept between runs
"""
