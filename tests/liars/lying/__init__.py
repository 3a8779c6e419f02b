"""A server that lies, and what a client has to make of it.

It shares nothing with the package: neither its sandbox nor its queries.

odata    reads $filter and $orderby, and applies them to rows
company  rows that writers change, and what was there throughout
service  the HTTP server: an honest reply, and then the lies
replies  a query and its reply, as lies see them
lie      what a lie is, and the list of all of them
page_lies, reply_lies  all lies
lies     what lies are in the list, and what not
ways     the ways of reading, and whether an outcome is right
cases    one way of reading while a server lies
table    the outcomes as a table
"""
