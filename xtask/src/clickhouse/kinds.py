# Values of all kinds that the server has.
import os

from clickhouse_driver import Client

client = Client('127.0.0.1', port=int(os.environ['PORT']), user='ada', password='hunter2')
client.execute("""SELECT toInt8(-1), toInt16(-2), toInt32(-3), toInt64(-4), toUInt8(1), toUInt16(2), toUInt32(3), toUInt64(4),
    toFloat32(1.5), toFloat64(-0.25), 1/0, 'text', toFixedString('ab', 4), NULL, toNullable(7)""")
client.execute("""SELECT toDate('2026-11-22'), toDateTime('2026-11-22 10:20:30', 'UTC'), toDecimal32(-1.5, 3), toDecimal64(12.34, 2),
    toDecimal128(-7, 5), toUUID('00112233-4455-6677-8899-aabbccddeeff'),
    CAST('b', 'Enum8(\\'a\\' = 1, \\'b\\' = -2)'), CAST('c', 'Enum16(\\'c\\' = 300)')""")
client.execute("SELECT [1, 2], [['a'], []], ('x', 1, [toDate('2026-11-22')]), emptyArrayUInt8(), [NULL, 1], ('it''s', 'a\\\\b')")
client.execute("SELECT number, toString(number * 1000), if(number % 2, NULL, number) FROM system.numbers LIMIT 7")
client.disconnect()
