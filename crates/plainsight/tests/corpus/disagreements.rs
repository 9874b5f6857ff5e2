//! Where we and another project hear different things, who is right, and how that was found out.

use std::collections::BTreeMap;

use crate::captures::Capture;

/// Who says a line that the other does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    Theirs,
}

/// Lines of one capture that only one side says.
pub(crate) struct Disagreement {
    capture: &'static str,
    whose: Whose,
    /// What every such line holds.
    holding: &'static str,
    /// In how many lines.
    times: usize,
    /// Who is right, and why.
    verdict: &'static str,
}

/// All of them.
pub(crate) const LISTED: &[Disagreement] = &[
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
        holding: "uri=/HTTP/1.1 status_code=0",
        times: 8,
        verdict: "ours: `GET /HTTP/1.1` has no version; Zeek reads HTTP/0.9, which has neither a Host nor any method but GET",
    },
    Disagreement {
        capture: "http1/zeek__methods.pcap",
        whose: Whose::Theirs,
        holding: "uri=/ status_code=",
        times: 8,
        verdict: "theirs: `GET / HTTP/1.` lacks a digit, and this server answered it as 1.1; we ask for what RFC 9112, 2.3 asks for, so that nothing else is taken for HTTP",
    },
    Disagreement {
        capture: "http1/zeek__mixed-vlan-mpls.pcap",
        whose: Whose::Theirs,
        holding: "method=GET host=- uri=/ status_code=0",
        times: 1,
        verdict: "theirs: `GET /` and no more is HTTP/0.9, which we do not read: it has no sign to be known by",
    },
    Disagreement {
        capture: "http1/zeek__ssl-to-http-server.pcap",
        whose: Whose::Theirs,
        holding: "method=- host=- uri=- status_code=400",
        times: 1,
        verdict: "both: a plain-text server answers a TLS hello with 400; Zeek makes a row of it, to us the connection is ciphertext that nobody asked in",
    },
    Disagreement {
        capture: "postgresql/deepflow__pgsql-all.pcap",
        whose: Whose::Ours,
        holding: "statement=select SERIAL_NO",
        times: 1,
        verdict: "ours: 3,666 bytes in three segments (frames by tshark); DeepFlow reads one segment at a time",
    },
    Disagreement {
        capture: "postgresql/deepflow__pgsql-all.pcap",
        whose: Whose::Ours,
        holding: "statement=select policyNo",
        times: 1,
        verdict: "ours: 7,480 bytes in several segments; DeepFlow reads one segment at a time",
    },
    Disagreement {
        capture: "postgresql/deepflow__pgsql-all.pcap",
        whose: Whose::Ours,
        holding: "rows=1",
        times: 3,
        verdict: "ours: the answers to those two, and one that is longer than a segment; DeepFlow calls their segments `Other`",
    },
    Disagreement {
        capture: "postgresql/nDPI__ossfuzz_seed_fake_traces_2.pcapng",
        whose: Whose::Theirs,
        holding: "port 59038",
        times: 1,
        verdict: "both: a connection with nothing but the question for GSS encryption and its `no`; a label to nDPI, no exchange to us",
    },
    Disagreement {
        capture: "postgresql/nDPI__pgsql.pcap",
        whose: Whose::Theirs,
        holding: "port 59038",
        times: 1,
        verdict: "both: the question for GSS encryption and its `no`, no exchange",
    },
    Disagreement {
        capture: "postgresql/nDPI__pgsql.pcap",
        whose: Whose::Theirs,
        holding: "port 59036",
        times: 1,
        verdict: "both: the question for GSS encryption and its `no`, no exchange",
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
        capture: "postgresql/zeek__greenhouse-app.pcap",
        whose: Whose::Theirs,
        holding: "(username, password_hash) VALUES ('zeek', 'scrypt:",
        times: 1,
        verdict: "ours: the column's name says that the value is a password's, so it is masked",
    },
    Disagreement {
        capture: "postgresql/zeek__greenhouse-app.pcap",
        whose: Whose::Ours,
        holding: "(username, password_hash) VALUES ('zeek', '***')",
        times: 1,
        verdict: "ours: as above",
    },
];

/// The place in the table of what explains `line`.
pub(crate) fn find(capture: &Capture, whose: Whose, line: &str) -> Option<usize> {
    let explains =
        |it: &Disagreement| it.capture == capture.name && it.whose == whose && line.contains(it.holding);
    LISTED.iter().position(explains)
}

/// What is listed and was not met as often as the table says.
pub(crate) fn unused(met: &BTreeMap<usize, usize>, captures: &[Capture]) -> Vec<String> {
    let there = |it: &Disagreement| captures.iter().any(|capture| capture.name == it.capture);
    let listed = LISTED.iter().enumerate().filter(|(_, it)| there(it));
    let wrong = listed.filter_map(|(at, it)| {
        let met = met.get(&at).copied().unwrap_or_default();
        let Disagreement { capture, whose, holding, times, verdict } = it;
        (met != *times)
            .then(|| format!("{capture} {whose:?} '{holding}': {met} times, not {times} ({verdict})"))
    });
    wrong.collect()
}
