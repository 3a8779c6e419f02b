"""How a collection is read: plans, pages, and the proof that nothing is missing.

planner         chooses how a collection is read
plan            what to ask for next, as a value that can be pickled
subqueries      a query that is too long, split at its ``in_``
page_query      the query string of the next page
page_size       how many records one request asks for
page_reader     one page: fetched, decoded and checked
page_forms      what a page is turned into: records, or their bytes
raw_form        the bytes of each record, for lines of JSON
validator       whether a page can follow the one before
end_of_stream   which page is the last one
few             a few records, read without a stream where one page shows all
stream          one reading, page after page
parallel/       one collection read by several workers
key_ranges      ranges of keys: to be read, done, missing
read_plan       a read in ranges that can go to other processes
plan_maker      where those ranges begin and end
split_points    keys that share out a collection evenly
json_form       the JSON of plans, ranges and certificates
certify         one certificate from those of all ranges
certificate     why a reading is complete
explain         what a plan promises, in words
read_telemetry  the events and the log of a reading
"""
