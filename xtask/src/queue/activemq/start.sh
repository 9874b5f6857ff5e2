# ActiveMQ in this folder alone, for the protocol that it is told: no script stands between it and who started it.
exec java -Xmx256m -Dscheme="$1" -Dactivemq.home=/usr/share/activemq -Dactivemq.base="$PWD" -Dactivemq.conf="$PWD" \
  -Dactivemq.data="$PWD/data" -jar /usr/share/activemq/bin/activemq.jar start xbean:file:activemq.xml
