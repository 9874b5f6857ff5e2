# Starts a server in the current folder that listens on $PORT for what $LISTENS names (http_port, tcp_port, tcp_port_secure),
# with a user of a password; over TLS with cert.pem and key.pem of the folder.
cat > config.xml <<XML
<yandex><logger><level>none</level></logger><${LISTENS:=http_port}>$PORT</$LISTENS><listen_host>127.0.0.1</listen_host>
<openSSL><server><certificateFile>$PWD/cert.pem</certificateFile><privateKeyFile>$PWD/key.pem</privateKeyFile>
<verificationMode>none</verificationMode></server></openSSL>
<query_log><database>system</database><table>query_log</table><flush_interval_milliseconds>100</flush_interval_milliseconds></query_log>
<path>$PWD/data/</path><tmp_path>$PWD/tmp/</tmp_path><users_config>users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><mark_cache_size>5368709</mark_cache_size></yandex>
XML
user='<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>'
cat > users.xml <<XML
<yandex><profiles><default></default></profiles><quotas><default></default></quotas><users>
<default><password></password>$user</default><ada><password>hunter2</password>$user</ada></users></yandex>
XML
mkdir -p data tmp
exec clickhouse-server --config-file=config.xml
