"""A copy compared with its source.

canonical    values in one form, whatever holds them; digests of rows
digests      digests by key, in little memory
copy_reader  the protocol of copies that are read, not written
comparison   the rows of a source against those of a copy
differences  what differs, and how it is counted
sink         a comparison as a sink, so that an extraction can be read into it
"""
