"""A company that Spark reads, and what the tests expect of it."""

import asyncio
import itertools
import os
import time
from collections import Counter

from sage200_async import Sage200Client
from sage200_async.profiles.file import ProfileFile, read_profiles, write_profiles

CUSTOMERS = 100_000 if os.environ.get("EXHAUSTIVE") else 5_000
NUMBERS = itertools.count()


class Company:
    """A sandbox, and the profile by which Spark reaches it."""

    def __init__(self, sandbox, config, **settings):
        self.sandbox = sandbox
        self.has_repeated_page = False
        self.settings = sandbox.settings
        self.profile = f"company-{next(NUMBERS)}"
        self.tokens = (config / f"{self.profile}.json").as_uri()
        names = "base_url token_url client_id client_secret refresh_token site company"
        values = {name: getattr(self.settings, name) for name in names.split()}
        path = config / "sage200" / "profiles.toml"
        file = read_profiles(path) if path.exists() else ProfileFile(path)
        settings = {"token_store": self.tokens, **settings}
        write_profiles(file.with_profile(self.profile, {**values, **settings}))

    @property
    def store(self):
        """Return the records."""
        return self.sandbox.store

    def reader(self, spark, *, stream=False, **options):
        """Return a reader with *options*, of customers unless they say otherwise."""
        reader = (spark.readStream if stream else spark.read).format("sage200")
        options = {"resource": "customers", "profile": self.profile, **options}
        return reader.options(**options)

    def writer(self, frame, **options):
        """Return a writer with *options*."""
        options = {"resource": "customers", "profile": self.profile, **options}
        return frame.write.format("sage200").mode("append").options(**options)

    def pages(self, resource="customers"):
        """Return the queries of the requests for records."""
        return [
            one.raw_query
            for one in self.sandbox.requests
            if one.path == resource and "$count" not in one.query
        ]

    async def all(self):
        """Return the records as the library reads them, by their ids."""
        async with Sage200Client(self.sandbox.settings) as client:
            return {one.id: one async for one in client.customers}

    def on_page(self, number, action):
        """Call *action* in a thread when a page is asked for the *number*th time."""
        seen = Counter()

        async def hook(request):
            seen["pages"] += request.path.endswith("/customers")
            if seen["pages"] == number:
                seen["pages"] += 1
                await asyncio.to_thread(action)

        self.sandbox.request_hook = hook

    def wait_for_repeated_page(self, seconds=120):
        """Wait until a page has been asked for twice, by default less than a client waits."""
        until = time.monotonic() + seconds
        while max(Counter(self.pages()).values(), default=0) < 2:
            if time.monotonic() > until:
                return
            time.sleep(0.1)
        self.has_repeated_page = True
