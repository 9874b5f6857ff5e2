//! HTTP/1.

use super::{Disagreement, Whose};

/// Where others hear it differently.
pub(super) const LISTED: &[Disagreement] = &[
    Disagreement {
        capture: "http1/zeek__http-desync-request-response-5.pcap",
        whose: Whose::Theirs,
        holding: "method=- host=-",
        times: 2,
        verdict: "both: the server answers the first request three times; Zeek makes the two that nobody asked for rows without a method, we make no exchange of them, and pair the four requests that follow with their own answers, as Zeek does",
    },
    Disagreement {
        capture: "http1/zeek__methods.pcap",
        whose: Whose::Theirs,
        holding: "method=- host=-",
        times: 23,
        verdict: "both: `GET/HTTP/1.1`, `OPTIONS`, methods that are no token: no request lines (RFC 9112, 3), refused by the server with 400; Zeek makes rows of the refusals alone",
    },
    Disagreement {
        capture: "http1/zeek__methods.pcap",
        whose: Whose::Theirs,
        holding: "uri=/HTTP/1.1 status_code=-",
        times: 8,
        verdict: "ours: `GET /HTTP/1.1` has no version; Zeek reads HTTP/0.9, which has neither a Host nor any method but GET",
    },
    Disagreement {
        capture: "http1/zeek__ssl-to-http-server.pcap",
        whose: Whose::Theirs,
        holding: "method=- host=- uri=- status_code=400",
        times: 1,
        verdict: "both: a plain-text server answers a TLS hello with 400; Zeek makes a row of it, to us the connection is ciphertext that nobody asked in",
    },
    Disagreement {
        capture: "tls/zeek__tls12-decryption.pcap",
        whose: Whose::Theirs,
        holding: "host=heise.de",
        times: 1,
        verdict: "both: Zeek was given the session's key, which is not in the corpus",
    },
    Disagreement {
        capture: "websocket/zeek__wstunnel-http.pcap",
        whose: Whose::Theirs,
        holding: "host=zeek.org",
        times: 1,
        verdict: "theirs: a request inside of WebSocket frames, which we do not open yet",
    },
    Disagreement {
        capture: "websocket/zeek__wstunnel-http.pcap",
        whose: Whose::Theirs,
        holding: "uri=/v1/events status_code=301",
        times: 1,
        verdict: "ours: the server answers 101 (frame 6); 301 is of the answer inside of the WebSocket frames, which Zeek logs into the same row",
    },
    Disagreement {
        capture: "websocket/zeek__wstunnel-http.pcap",
        whose: Whose::Ours,
        holding: "uri=/v1/events status_code=101",
        times: 1,
        verdict: "ours: see above",
    },
    Disagreement {
        capture: "http1/deepflow__agent__resources__test__flow_generator__http.pcap",
        whose: Whose::Theirs,
        holding: "path=- host=-",
        times: 2,
        verdict: "both: what is expected is of another capture, http2-multi.pcap, and lies beside this one as well",
    },
    Disagreement {
        capture: "http1/deepflow__agent__resources__test__flow_generator__http.pcap",
        whose: Whose::Theirs,
        holding: "status=200 outcome=-",
        times: 1,
        verdict: "both: the same",
    },
    Disagreement {
        capture: "http1/deepflow__agent__resources__test__flow_generator__http.pcap",
        whose: Whose::Ours,
        holding: "path=/ host=10.1.6.92",
        times: 1,
        verdict: "both: the same",
    },
];
