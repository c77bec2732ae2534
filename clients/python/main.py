"""One scenario of the client matrix, with confluent-kafka-python.

Arguments: scenario, bootstrap address, and a prefix for the names of topics and
groups, so that runs do not meet. An assertion that fails ends it with 1.
"""

import sys

import admin
import groups
import offsets
import records
import transactions
from server import Server

SCENARIOS = {
    "produce-consume": records.produce_consume,
    "idempotence": records.idempotence,
    "transactions": transactions.run,
    "group-range": groups.eager,
    "group-cooperative": groups.cooperative,
    "group-consumer": groups.consumer,
    "group-consumer-pattern": groups.consumer_pattern,
    "group-consumer-migration": groups.migration,
    "offsets": offsets.run,
    "admin": admin.run,
}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SCENARIOS:
        sys.exit(f"usage: main.py SCENARIO BOOTSTRAP PREFIX; scenarios: {', '.join(SCENARIOS)}")
    SCENARIOS[sys.argv[1]](Server(sys.argv[2], sys.argv[3]))
