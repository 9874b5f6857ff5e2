//! How many exchanges each capture holds, so that none is lost and none is invented.

use std::collections::BTreeMap;

use crate::captures::Capture;

/// Captures of the protocols that are read, with their exchanges; every one counted by tshark 4.0 too.
///
/// tshark counts interim answers (`1xx`), answers without a request and what is sent after a reset, takes a body with a
/// hole for no answer, and two networks' (VLANs') connections with the same addresses for one. Where else it differs, the
/// capture has a comment.
const READ: &[(&str, usize)] = &[
    ("http1/beats__hide_secret_POST.pcap", 1),
    ("http1/beats__http_100_continue.pcap", 1),
    ("http1/beats__http_basicauth.pcap", 1),
    ("http1/beats__http_post.pcap", 1),
    ("http1/beats__http_realip.pcap", 1),
    ("http1/beats__http_x_forwarded_for.pcap", 1),
    ("http1/deepflow__agent__resources__test__flow_generator__http.pcap", 1),
    ("http1/deepflow__httpv1.pcap", 1),
    ("http1/suricata-verify__bug-5929-01__1e3b98e5dad2954.pcap", 1),
    ("http1/suricata-verify__bug-8021-alert-max-verdict-01__input.pcap", 1),
    ("http1/suricata-verify__datasets-04-http-dns__input.pcap", 1),
    ("http1/suricata-verify__decode-sll2-01__input.pcap", 1),
    ("http1/suricata-verify__detect-bypass__input.pcap", 1),
    ("http1/suricata-verify__detect-bytetest-02__input.pcap", 1),
    ("http1/suricata-verify__detect-content-ends-with-negated-01__input.pcap", 1),
    ("http1/suricata-verify__detect-flowbits__input.pcap", 1),
    ("http1/suricata-verify__detect-http-uri__DetectEngineHttpRawUriTest03__test.fpc.pcap", 1),
    ("http1/suricata-verify__detect-http-uri__DetectEngineHttpRawUriTest05__test.fpc.pcap", 1),
    ("http1/suricata-verify__detect-http-uri__DetectEngineHttpRawUriTest09__test.fpc.pcap", 1),
    ("http1/suricata-verify__detect-http-uri__UriTestSig02__test.fpc.pcap", 2),
    ("http1/suricata-verify__detect-http-uri__UriTestSig07__test.fpc.pcap", 2),
    ("http1/suricata-verify__detect-http-uri__UriTestSig16__test.fpc.pcap", 2),
    ("http1/suricata-verify__detect-pcre__detect-pcre-01__input.pcap", 1),
    ("http1/suricata-verify__detect-pcre__detect-pcre-03__input.pcap", 2),
    ("http1/suricata-verify__detect-pcre__detect-pcre-04__input.pcap", 2),
    ("http1/suricata-verify__detect-xor-key__detect-xor-key-14__input.pcap", 1),
    ("http1/suricata-verify__exception-policy-midstream-06__input-http-ACK.pcap", 1),
    ("http1/suricata-verify__firewall__tcp-session-midstream-policy__input.pcap", 1),
    ("http1/suricata-verify__lua-sandbox-alloclimit-bypass__input.pcap", 1),
    ("http1/suricata-verify__transform-gunzip-uaf-8536__input.pcap", 1),
    // tshark 1: the other request is on port 53.
    ("http1/suricata-verify__uricontent__detect-uricontent-02__input.pcap", 2),
    ("http1/zeek__100-continue.pcap", 1),
    ("http1/zeek__a.zip.pcap", 1),
    ("http1/zeek__b0caf7_socks.pcap", 7),
    ("http1/zeek__basic-auth-with-extra-space.pcap", 1),
    ("http1/zeek__byteranges.pcap", 1),
    ("http1/zeek__concurrent-range-requests-complete.pcap", 3),
    ("http1/zeek__concurrent-range-requests.pcap", 3),
    ("http1/zeek__connect-with-header.pcap", 1),
    ("http1/zeek__content-length-overflow.pcap", 1),
    ("http1/zeek__content-range-gap-skip.pcap", 1),
    ("http1/zeek__content-range-gap.pcap", 1),
    ("http1/zeek__content-range-less-than-len.pcap", 1),
    ("http1/zeek__cooper-grill-dvwa.pcapng", 3),
    ("http1/zeek__ctu-62604-80.pcap", 1),
    ("http1/zeek__deeply-nested-mime.pcap", 1),
    ("http1/zeek__entity_gap.pcap", 1),
    ("http1/zeek__entity_gap2.pcap", 1),
    ("http1/zeek__fake-content-length.pcap", 1),
    ("http1/zeek__http-11-request-then-cruft.pcap", 1),
    ("http1/zeek__http-bad-content-range-01.pcap", 1),
    ("http1/zeek__http-body-match.pcap", 10),
    ("http1/zeek__http-desync-request-response-5.pcap", 5),
    ("http1/zeek__http-lower-case-nonstandard-port.pcap", 1),
    ("http1/zeek__http_large_req_8001.pcap", 1),
    ("http1/zeek__invalid-content-ranges.pcap", 3),
    ("http1/zeek__iso-download.pcap.gz", 1),
    // tshark 24: it takes a line without a target, a blank or a version for a request; see `disagreements`.
    ("http1/zeek__methods.pcap", 10),
    // tshark 2: the other is HTTP/0.9; see `disagreements`.
    ("http1/zeek__mixed-vlan-mpls.pcap", 1),
    ("http1/zeek__mpls-in-vlan.pcap", 2),
    ("http1/zeek__multipart.pcap", 1),
    ("http1/zeek__ncp.pcap", 1),
    ("http1/zeek__nested.pcap", 1),
    ("http1/zeek__no-uri.pcap", 1),
    ("http1/zeek__ocsp-empty-responderid.pcap", 1),
    ("http1/zeek__ocsp-http-get.pcap", 1),
    ("http1/zeek__ocsp-request-only.pcap", 1),
    ("http1/zeek__ocsp-request-response.pcap", 1),
    ("http1/zeek__options.pcap", 1),
    ("http1/zeek__pe_files_timestamp.pcap.gz", 2),
    ("http1/zeek__pipelined-requests.pcap", 5),
    ("http1/zeek__qi_internet_SYNACK_curl_jsonip.pcap", 1),
    ("http1/zeek__retransmit-timeout.pcapng", 1),
    ("http1/zeek__smuggle-http-request.pcap", 2),
    ("http1/zeek__socks.pcap", 1),
    // tshark 0: it has no reassembly of a request typed letter by letter on an odd port.
    ("http1/zeek__tcp-http-with-padding.pcap", 1),
    ("http1/zeek__testing__btest__Traces__zip__test.pcap", 1),
    // tshark 1: the other is smuggled behind a chunk whose size is no size.
    ("http1/zeek__variant-01-chunk_2pow64_overflow.pcap", 2),
    ("http1/zeek__variant-04-te_cl_desync.pcap", 2),
    ("http1/zeek__variant-07-expect_100_cl0.pcap", 2),
    ("http1/zeek__variant-08-leading_zeros.pcap", 2),
    ("http1/zeek__vlan-collisions.pcap", 3),
    ("http1/zeek__vxlan-encapsulated-http.pcap", 1),
    ("http1/zeek__wikipedia.pcap", 15),
    ("http1/zeek__x-gzip.pcap", 1),
    ("postgresql/beats__pgsql_extended_query.pcap", 3),
    ("postgresql/beats__pgsql_long_result.pcap", 1),
    ("postgresql/beats__pgsql_request_response.pcap", 1),
    // A login that psql broke off to ask for the password, the login, a query.
    ("postgresql/beats__pgsql_rt.pcap", 3),
    ("postgresql/deepflow__pgsql-all.pcap", 32),
    // Parse, Describe, Sync; what follows answers another one.
    ("postgresql/deepflow__prepare_stat.pcap", 1),
    ("postgresql/deepflow__simple_query.pcap", 1),
    ("postgresql/nDPI__pgsql.pcap", 11),
    ("postgresql/suricata-verify__pgsql__pgsql-5000-query-results__input.pcap", 3),
    ("postgresql/suricata-verify__pgsql__pgsql-5524__input.pcap", 5),
    ("postgresql/suricata-verify__pgsql__pgsql-pwd-output-disabled__input.pcap", 1),
    ("postgresql/suricata-verify__pgsql__pgsql-query-keyword-01__input.pcap", 4),
    ("postgresql/suricata-verify__pgsql__pgsql-simple-query-rollback__input.pcap", 23),
    ("postgresql/suricata-verify__pgsql__pgsql-ssl-rejected-md5-auth-simple-query__input.pcap", 3),
    ("postgresql/suricata-verify__pgsql__pgsql-upgrade-tls__input.pcap", 1),
    // A login, answered by nonsense.
    ("postgresql/zeek__bad-backend-message-1.pcap", 1),
    ("postgresql/zeek__greenhouse-app.pcap", 86),
    ("postgresql/zeek__psql-aws-ssl-disable-15432.pcap", 2),
    ("postgresql/zeek__psql-aws-ssl-disable.pcap", 2),
    ("postgresql/zeek__psql-insert-fail-drop-fail.pcap", 6),
    ("postgresql/zeek__psql-login-no-role.pcap", 1),
    ("postgresql/zeek__psql-login-no-sslrequest.pcap", 2),
    ("postgresql/zeek__psql-login-wrong.pcap", 1),
    ("postgresql/zeek__psql-select-now.pcap", 2),
];

/// Captures of other protocols in which there is HTTP/1 all the same, and why.
const BESIDE: &[(&str, usize, &str)] = &[
    ("cassandra/beats__cassandra_mixed_frame.pcap", 19, "Kibana asks Elasticsearch on the same host"),
    ("dns/zeek__raw_packets.pcap", 12, "SSDP: HTTP's notation in datagrams; nobody answers a NOTIFY"),
    ("http2/suricata-verify__http2-deflate-case__input.pcap", 1, "Upgrade: h2c"),
    ("http2/suricata-verify__http2-deflate__http2_deflate.pcap", 1, "Upgrade: h2c"),
    ("http2/suricata-verify__http2-errorcode__input.pcap", 1, "HTTP/2 through a proxy: CONNECT"),
    (
        "http2/suricata-verify__http2-range__http2-range.pcap",
        5,
        "Upgrade: h2c thrice, and HTTP/1 twice, where it was not asked for",
    ),
    (
        "http2/suricata-verify__transform-base64-7296__input.pcap",
        2,
        "two requests of http2-range, the first without its answer",
    ),
    ("neo4j_bolt/boltalyzer__websocket.pcap", 5, "Upgrade: websocket"),
    (
        "sip/suricata-verify__sip-ssdp-pm__ssdp.pcap",
        1,
        "SSDP: HTTP's notation in datagrams; nobody answers a NOTIFY",
    ),
    ("smtp/zeek__connect-with-smtp.pcap", 1, "SMTP through a proxy: CONNECT"),
    ("websocket/boltalyzer__websocket.pcap", 5, "Upgrade: websocket"),
    ("websocket/nDPI__tls_heur__vmess-websocket.pcapng", 1, "Upgrade: websocket"),
    ("websocket/suricata-verify__websocket-compressed__example_websocket.pcap", 1, "Upgrade: websocket"),
    ("websocket/suricata-verify__websocket-ping__input.pcap", 1, "Upgrade: websocket"),
    ("websocket/suricata-verify__websocket__basic_websockets.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__fragmented-http-reply.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__jupyter-websocket.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__message-too-big-status.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__oversized-close-frame.pcapng", 1, "Upgrade: websocket"),
    ("websocket/zeek__reply-ping-coalesced.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__two-binary-fragments.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__websocket.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__wrong-accept-header.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__wstunnel-http.pcap", 1, "Upgrade: websocket"),
    ("websocket/zeek__wstunnel-ssh.pcap", 2, "Upgrade: websocket"),
];

/// What a capture should give, by protocol: nothing, unless it is counted here.
pub(crate) fn of(capture: &Capture) -> BTreeMap<String, usize> {
    let protocol = if capture.name.starts_with("postgresql/") { "postgresql" } else { "http" };
    let counted = counted().find(|(name, _)| *name == capture.name);
    counted.map(|(_, count)| (protocol.to_owned(), count)).into_iter().collect()
}

/// Counts of captures that are not there.
pub(crate) fn unused(captures: &[Capture]) -> Vec<String> {
    let missing = counted().filter(|(name, _)| captures.iter().all(|capture| capture.name != *name));
    missing.map(|(name, _)| format!("{name}: counted, but not there")).collect()
}

fn counted() -> impl Iterator<Item = (&'static str, usize)> {
    READ.iter().copied().chain(BESIDE.iter().map(|(name, count, _)| (*name, *count)))
}
