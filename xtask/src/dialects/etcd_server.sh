exec etcd --data-dir data --listen-client-urls "http://127.0.0.1:$PORT" --advertise-client-urls "http://127.0.0.1:$PORT" --listen-peer-urls http://127.0.0.1:0
