import datetime
import decimal
import ipaddress
import uuid

import psycopg

with psycopg.connect(autocommit=True) as session:
    session.execute("TABLE kinds", binary=True, prepare=True)
    values = [
        True,
        -2,
        2_000_000_000,
        -9_000_000_000,
        -0.1,
        decimal.Decimal("12345.6789"),
        "grüße",
        b"\x00\xff\x10",
        datetime.date(2024, 2, 29),
        datetime.time(13, 14, 15, 500_000),
        datetime.datetime(2024, 2, 29, 13, 14, 15, 250_000),
        datetime.datetime(2024, 2, 29, 13, 14, 15, tzinfo=datetime.timezone.utc),
        datetime.timedelta(days=3, hours=4, microseconds=5),
        uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ipaddress.ip_address("192.168.1.7"),
        ipaddress.ip_network("10.0.0.0/8"),
        [1, 2, 3],
        ["plain", "with, comma", None],
        None,
    ]
    session.execute("SELECT " + ", ".join(["%b"] * len(values)), values)
    session.execute("SELECT " + ", ".join(["%t"] * len(values)), values)
