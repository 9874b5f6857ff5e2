//! Records fixtures of DNS.

mod relay;
mod server;

use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;

use relay::Datagrams;
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/names/dns/fixtures";

/// How the client reaches the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Datagrams,
    Stream,
}

/// One thing that a client does: a shell's words, which find the relay's port in `$PORT`.
struct Scenario {
    name: &'static str,
    over: Over,
    words: &'static str,
}

/// `dig` asks all that stands in its words one after the other.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "types",
        over: Over::Stream,
        words: "dig @127.0.0.1 -p $PORT +tcp +keepopen web.example.test A mail.example.test AAAA example.test MX \
                example.test TXT example.test NS example.test SOA example.test CAA www.example.test A \
                _sip._tcp.example.test SRV sip.example.test NAPTR sip.example.test LOC host.example.test HINFO \
                host.example.test RP host.example.test SSHFP tls.example.test TLSA key.example.test DNSKEY \
                key.example.test DS sub.example.test DNAME uri.example.test URI web.example.test HTTPS \
                strange.example.test TYPE65534 1.example.test PTR nothing.example.test A example.test ANY",
    },
    Scenario { name: "datagram", over: Over::Datagrams, words: "dig @127.0.0.1 -p $PORT WEB.example.test A" },
    Scenario {
        name: "no_edns",
        over: Over::Datagrams,
        words: "dig @127.0.0.1 -p $PORT +noedns +norecurse nothing.example.test",
    },
    Scenario {
        name: "client_subnet",
        over: Over::Datagrams,
        words: "dig @127.0.0.1 -p $PORT +subnet=198.51.100.0/24 +dnssec mail.example.test AAAA",
    },
    Scenario { name: "refused", over: Over::Datagrams, words: "dig @127.0.0.1 -p $PORT example.com A" },
    Scenario {
        name: "truncated",
        over: Over::Datagrams,
        words: "dig @127.0.0.1 -p $PORT +noedns +ignore long.example.test A",
    },
    Scenario { name: "version", over: Over::Datagrams, words: "dig @127.0.0.1 -p $PORT CH TXT version.bind" },
    Scenario {
        name: "bad_version",
        over: Over::Datagrams,
        words: "dig @127.0.0.1 -p $PORT +edns=9 +noednsneg web.example.test",
    },
    Scenario {
        name: "resolver",
        over: Over::Datagrams,
        // As a C library asks: two questions from one socket before the first answer.
        words: "python3 -c 'import os, socket\n\
                s = socket.socket(type=socket.SOCK_DGRAM); s.connect((\"127.0.0.1\", int(os.environ[\"PORT\"])))\n\
                q = lambda i, t: bytes([0, i, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + b\"\\x03web\\x07example\\x04test\\0\\0\" + bytes([t, 0, 1])\n\
                s.send(q(7, 1)); s.send(q(8, 28)); s.recv(999); s.recv(999)'",
    },
    Scenario {
        name: "transfer",
        over: Over::Stream,
        words: "dig @127.0.0.1 -p $PORT +tcp example.test AXFR",
    },
    Scenario {
        name: "update",
        over: Over::Datagrams,
        words: "printf 'server 127.0.0.1 %s\\nzone example.test\\nupdate add new.example.test 300 A 192.0.2.99\\n\
                update delete web.example.test A 192.0.2.81\\nupdate delete host.example.test RP\\n\
                send\\nquit\\n' $PORT | nsupdate",
    },
    Scenario {
        name: "changes",
        over: Over::Stream,
        words: "dig @127.0.0.1 -p $PORT +tcp example.test IXFR=7",
    },
    Scenario {
        name: "no_changes",
        over: Over::Stream,
        words: "dig @127.0.0.1 -p $PORT +tcp example.test IXFR=8",
    },
    Scenario {
        name: "notify",
        over: Over::Datagrams,
        words: "dig @127.0.0.1 -p $PORT +opcode=notify +noedns example.test SOA",
    },
];

/// Starts a server, runs the scenarios, and writes their fixtures: in order, for some change what later ones ask for.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start()?;
    for scenario in SCENARIOS {
        let talk = speak(scenario, &server)?;
        if options.only.as_deref().is_none_or(|name| name == scenario.name) {
            write(scenario, &server, &talk)?;
        }
    }
    Ok(())
}

fn speak(scenario: &Scenario, server: &Server) -> Outcome<Vec<Line>> {
    let client = |port: u16| {
        let mut shell = Command::new("sh");
        shell.args(["-c", scenario.words]).env("PORT", port.to_string()).stdin(Stdio::null());
        run(&mut shell).map_err(|e| format!("{}: {e}", scenario.name))
    };
    match scenario.over {
        Over::Datagrams => {
            let relay = Datagrams::open(server.address)?;
            client(relay.port)?;
            Ok(relay.take())
        }
        Over::Stream => {
            let relay = Relay::open(server.address)?;
            client(relay.address.port())?;
            relay.finish()?.pop().ok_or(format!("{}: no connection was made", scenario.name))
        }
    }
}

fn write(scenario: &Scenario, server: &Server, talk: &[Line]) -> Outcome<()> {
    let program = ["dig", "nsupdate"].into_iter().find(|name| scenario.words.contains(name));
    let over = if scenario.over == Over::Stream { "TCP" } else { "UDP" };
    let mut text = format!("# dns: {}, {} over {over}\n", server.version, program.unwrap_or("a socket"));
    text.push_str(&as_said(talk));
    keep(FIXTURES, scenario.name, &text)
}
