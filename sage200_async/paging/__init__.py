"""How a collection is read: plans, pages, and the proof that nothing is missing.

plan         what to ask next, as a value that can be pickled
page_size    how many records one request asks for
page_reader  one page: fetched, decoded and checked
validator    whether a page can follow the one before
stream       one reading, page after page
parallel/    one collection read by several workers
key_ranges   which keys are still to be read, and by whom
certificate  why a reading is complete
explain      what a plan promises, in words
"""
