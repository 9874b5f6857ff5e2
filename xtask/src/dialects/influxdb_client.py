import os, sys
from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

host, port = os.environ["ADDRESS"].split(":")
client = InfluxDBClient(host, int(port), "ada", "hunter2", "shop", headers={"Accept": sys.argv[1]})
client.create_database("shop")
client.query("CREATE USER ada WITH PASSWORD 'hunter2'", method="POST")
point = {"measurement": "weather station", "tags": {"city": "London"}, "fields": {"rain": 0.5}, "time": 1000000000}
client.write_points([point, {**point, "measurement": "orders", "time": 2000000000}])
client.query('SELECT * FROM "orders"')
for failing in ("SELECT nothing FROM", 'SELECT * FROM "nobody"."autogen"."orders"'):
    try:
        client.query(failing)
    except InfluxDBClientError:
        pass
