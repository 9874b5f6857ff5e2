//! Redis.

/// Captures that hold it, with their exchanges; tshark 4.0 counts pieces and not commands, so these are counted by reading.
pub(super) const HELD: &[(&str, usize)] = &[
    ("redis/beats__redis_one_transaction.pcap", 1),
    ("redis/beats__redis_session.pcap", 11),
    ("redis/deepflow__redis-error.pcap", 1),
    ("redis/deepflow__redis.pcap", 10),
    ("redis/tcpdump__resp_1_benchmark.pcap", 15),
    // `zeek__attr` has two lines of a command that nobody knows, and `resp_4_infiniteloop` no command at all.
    ("redis/zeek__auth.pcap", 3),
    ("redis/zeek__bulk-loading.pcap", 1001),
    ("redis/zeek__excessive-pipelining.pcap", 12),
    ("redis/zeek__large-requests-responses.pcap", 5),
    ("redis/zeek__pipeline-quotes.pcap", 8),
    ("redis/zeek__pipeline-with-commands.pcap", 4),
    ("redis/zeek__pipelining-example.pcap", 3),
    // Three of them are messages to a subscriber.
    ("redis/zeek__pubsub-resp3.pcap", 13),
    ("redis/zeek__reply-off-on-2conn.pcap", 6),
    ("redis/zeek__reply-off-on.pcap", 8),
    ("redis/zeek__start-with-server.pcapng", 1),
    ("redis/zeek__stream.pcap", 4),
];
