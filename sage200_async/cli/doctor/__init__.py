"""``sage200 doctor``: what is wrong between this machine and a company, and its cure.

finding      one line of the report, and the exit status of all
checks       what was observed becomes findings; pure
errors       what an error says about which part; pure
observe      names, proxies, connections and clocks are looked at
examine      the checks in their order: the first that fails explains the rest
report       findings as lines or as JSON
"""
