cat > influxdb.conf <<END
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "$PWD/meta"
[data]
dir = "$PWD/data"
wal-dir = "$PWD/wal"
[http]
bind-address = "127.0.0.1:$PORT"
END
exec influxd run -config influxdb.conf
