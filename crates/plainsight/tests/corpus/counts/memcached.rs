//! memcached.

/// Captures that hold it, with their exchanges; where tshark 4.0 counts otherwise, it is said.
pub(super) const HELD: &[(&str, usize)] = &[
    ("memcached/beats__memcache_bin_tcp_multi_store_load.pcap", 10),
    ("memcached/beats__memcache_bin_tcp_stats.pcap", 4),
    ("memcached/beats__memcache_bin_udp_counter_ops.pcap", 3),
    ("memcached/beats__memcache_bin_udp_delete.pcap", 2),
    ("memcached/beats__memcache_bin_udp_multi_store.pcap", 3),
    ("memcached/beats__memcache_bin_udp_single_store.pcap", 1),
    ("memcached/beats__memcache_text_tcp_stats.pcap", 4),
    ("memcached/beats__memcache_text_udp_counter_ops.pcap", 3),
    ("memcached/beats__memcache_text_udp_delete.pcap", 2),
    ("memcached/beats__memcache_text_udp_multi_store.pcap", 3),
    ("memcached/beats__memcache_text_udp_single_store.pcap", 1),
    // tshark 10,138; the followed stream holds 10,154 lines that begin with `get`, `gets` or `set`.
    ("memcached/deepflow__memcached-userdata.pcap", 10_154),
    ("memcached/deepflow__memcached.pcap", 3),
    ("memcached/nDPI__memcached.cap", 1),
];
