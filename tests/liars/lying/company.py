"""A company: rows that writers change, and what of them was there throughout."""

import random
from datetime import UTC, datetime, timedelta

KEYED = "customers"
KEYLESS = "sop_order_return_invoice_credit_views"
KEYED_FIELDS = ("id", "reference", "name", "on_hold", "date_time_updated")
KEYLESS_FIELDS = (
    "customer_id",
    "customer_name",
    "sop_invoice_credit_document_no",
    "sop_order_return_id",
)
STARTED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)


class Table:
    """The rows of one resource. A row is replaced by its next version, never changed."""

    def __init__(self, rows, identity):
        self.rows, self.identity = rows, identity
        self.earlier = list(rows)
        self.watch()

    def watch(self):
        """From now on, note which rows stay and which are ever there."""
        self.throughout = {self.key(row): row for row in self.rows}
        self.ever = list(self.rows)

    def allow_earlier(self):
        """Count as right what was right before, and as lasting what was there then."""
        self.ever += self.earlier
        before = {self.key(row) for row in self.earlier}
        self.throughout = {
            key: row for key, row in self.throughout.items() if key in before
        }

    def key(self, row):
        return row[self.identity]

    def add(self, row):
        self.rows = [*self.rows, row]
        self.ever.append(row)

    def remove(self, key):
        self.rows = [row for row in self.rows if self.key(row) != key]
        self.throughout.pop(key, None)

    def change(self, key, **values):
        [row] = [row for row in self.rows if self.key(row) == key]
        self.remove(key)
        self.add({**row, **values})


class Company:
    """Two tables, a clock, and writers that act at certain requests."""

    def __init__(self, seed=0, size=100):
        self.random = random.Random(seed)
        self.now = STARTED
        self.sites = [{"site_id": "s", "company_id": 1, "company_name": "North"}]
        self.next_key, self.next_credit = 3, 0
        self.tables = {
            KEYED: Table([self.customer() for _ in range(size)], "id"),
            KEYLESS: Table([self.credit() for _ in range(size)], "sop_order_return_id"),
        }
        for table in self.tables.values():
            self.random.shuffle(table.rows)
            table.watch()
        self.write_some()
        self.writers = {}

    def tick(self, **step):
        self.now += timedelta(**(step or {"minutes": 7}))
        return self.now

    def customer(self):
        key = self.next_key
        self.next_key += self.random.choice((1, 1, 2, 5, 40))
        now = self.tick()
        return {
            "id": key,
            "reference": f"REF{key:05}",
            "name": f"Customer {key}",
            "on_hold": self.random.random() < 0.3,
            "date_time_created": now,
            "date_time_updated": now,
        }

    def credit(self):
        number = self.next_credit
        self.next_credit += 1
        customer = 100 + number // 4
        return {
            "customer_id": customer,
            "customer_name": f"Customer {customer}",
            "sop_invoice_credit_document_no": f"CR{number % 7:04}",
            "sop_order_return_id": 9000 + number,
        }

    def write_some(self):
        """Insert, change and delete a few rows; a stale replica lacks all this."""
        for table in self.tables.values():
            table.earlier = list(table.rows)
        customers = self.tables[KEYED]
        self.tick(hours=5)
        for _ in range(9):
            customers.add(self.customer())
        for row in self.random.sample(customers.rows[:60], 12):
            customers.change(
                row["id"], name=f"{row['name']}+", date_time_updated=self.tick()
            )
        credit_table = self.tables[KEYLESS]
        for _ in range(5):
            credit_table.add(self.credit())
        keys = sorted(map(customers.key, customers.rows))
        for key in (keys[0], keys[40]):
            customers.remove(key)
        credit_table.remove(min(map(credit_table.key, credit_table.rows)))
        for table in self.tables.values():
            table.watch()

    def write(self, number):
        """Let the writers act that are due at a request."""
        for writer in self.writers.get(number, ()):
            writer(self)


def insert(company):
    """A row is inserted."""
    company.tables[KEYED].add(company.customer())
    company.tables[KEYLESS].add(company.credit())


def _delete_at(name, fraction):
    def writer(company):
        for table in company.tables.values():
            keys = sorted(map(table.key, table.rows))
            if keys:
                table.remove(keys[int(fraction * (len(keys) - 1))])

    writer.__name__ = writer.__qualname__ = name
    return writer


delete_highest = _delete_at("delete_highest", 1)
delete_lowest = _delete_at("delete_lowest", 0)
delete_middle = _delete_at("delete_middle", 0.4)


def leave_filter(company):
    """Rows that a filter matched are matched no longer, the highest included."""
    table = company.tables[KEYED]
    matching = sorted(row["id"] for row in table.rows if not row["on_hold"])
    for key in {*matching[-1:], *matching[20:21]}:
        table.change(key, on_hold=True, date_time_updated=company.tick())


def rename(company):
    """A row changes, and its stamp with it."""
    table = company.tables[KEYED]
    row = company.random.choice(table.rows)
    table.change(row["id"], name="Renamed", date_time_updated=company.tick())


WRITERS = (
    insert,
    delete_highest,
    delete_lowest,
    delete_middle,
    leave_filter,
    rename,
)
