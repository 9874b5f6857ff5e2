//! ZooKeeper.

/// Captures that hold it, with their exchanges: tshark 4.0 knows nothing of it, so packets were counted in the streams that it
/// follows. Answers whose requests were not captured are told with nothing, but for what a client watches.
pub(super) const HELD: &[(&str, usize)] = &[
    ("zookeeper/zktraffic__auth.pcap", 1),
    ("zookeeper/zktraffic__connect_replies.pcap", 3),
    ("zookeeper/zktraffic__connects.pcap", 6),
    ("zookeeper/zktraffic__create-pyzookeeper.pcap", 2),
    ("zookeeper/zktraffic__create.pcap", 62),
    ("zookeeper/zktraffic__fire_watches.pcap", 1),
    ("zookeeper/zktraffic__getdata_watches.pcap", 5),
    // Among what three servers say among themselves, which is another protocol.
    ("zookeeper/zktraffic__omni.pcap", 4),
    ("zookeeper/zktraffic__set_data.pcap", 36),
    // The client asks once more behind a reset.
    ("zookeeper/zktraffic__setwatches.pcap", 3),
];
