# RabbitMQ in this folder alone: its own name server, which goes with it, and ports that nobody has.
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ERL_EPMD_PORT=$(free)
RABBITMQ_DIST_PORT=$(free)
export ERL_EPMD_PORT RABBITMQ_DIST_PORT ERL_EPMD_ADDRESS=127.0.0.1 HOME="$PWD" RABBITMQ_NODENAME=shop@localhost
export RABBITMQ_MNESIA_BASE="$PWD/db" RABBITMQ_LOG_BASE="$PWD/log" RABBITMQ_ALLOW_INPUT=1
export RABBITMQ_CONFIG_FILE="$PWD/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$PWD/enabled_plugins"
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-start_epmd false -noinput'
setpriv --pdeathsig KILL epmd -port "$ERL_EPMD_PORT" &
exec /usr/lib/rabbitmq/bin/rabbitmq-server
