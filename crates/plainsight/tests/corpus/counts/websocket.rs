//! WebSocket: messages, of which tshark counts the frames.

/// Captures that hold it, with their messages.
pub(super) const HELD: &[(&str, usize)] = &[
    ("neo4j_bolt/boltalyzer__websocket.pcap", 229),
    ("websocket/boltalyzer__websocket.pcap", 229),
    ("websocket/nDPI__tls_heur__vmess-websocket.pcapng", 16),
    ("websocket/suricata-verify__websocket-compressed__example_websocket.pcap", 10),
    // Its client masks nothing.
    ("websocket/suricata-verify__websocket-ping__input.pcap", 3),
    ("websocket/suricata-verify__websocket__basic_websockets.pcap", 17),
    // tshark 10: two messages come in three frames each.
    ("websocket/zeek__fragmented-http-reply.pcap", 6),
    ("websocket/zeek__jupyter-websocket.pcap", 14),
    ("websocket/zeek__message-too-big-status.pcap", 3),
    ("websocket/zeek__reply-ping-coalesced.pcap", 6),
    // tshark 7: one message comes in two frames.
    ("websocket/zeek__two-binary-fragments.pcap", 6),
    ("websocket/zeek__websocket.pcap", 9),
    ("websocket/zeek__wrong-accept-header.pcap", 1),
    // Its client masks nothing.
    ("websocket/zeek__wstunnel-http.pcap", 4),
    ("websocket/zeek__wstunnel-ssh.pcap", 155),
];
