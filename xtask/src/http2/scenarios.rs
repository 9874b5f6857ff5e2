//! What the clients do, each in its own way.

/// One thing that a client does, which becomes a fixture.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) server: Kind,
    /// The client and its words, in which `URL` is the server and `WWW` the folder of files.
    pub(crate) program: &'static str,
    pub(crate) words: &'static [&'static str],
    /// What a Python client imports.
    pub(crate) imports: &'static str,
    /// What a client that does several things is to do.
    pub(crate) what: &'static str,
}

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Nghttpd,
    /// nghttpx, which takes requests of HTTP/1 that ask to go on in HTTP/2.
    Nghttpx,
    Node,
    /// One of grpcio.
    Grpc,
    Etcd,
}

impl Kind {
    /// Whether what it says is a fixture of gRPC.
    pub(crate) fn is_grpc(self) -> bool {
        matches!(self, Kind::Grpc | Kind::Etcd)
    }
}

const fn http(
    name: &'static str,
    server: Kind,
    program: &'static str,
    words: &'static [&'static str],
) -> Scenario {
    Scenario { name, server, program, words, imports: "sys", what: "" }
}

const fn httpx(name: &'static str) -> Scenario {
    let words = &["-c", include_str!("httpx_client.py")];
    Scenario { name, server: Kind::Nginx, program: "python3", words, imports: "httpx, h2", what: name }
}

const fn grpc(name: &'static str) -> Scenario {
    let words = &["-c", include_str!("../grpc/client.py")];
    Scenario { name, server: Kind::Grpc, program: "python3", words, imports: "grpc, grpc_tools", what: name }
}

const fn etcd(name: &'static str, script: &'static [&'static str]) -> Scenario {
    Scenario { name, server: Kind::Etcd, program: "sh", words: script, imports: "sys", what: "" }
}

/// All of them.
pub(crate) const SCENARIOS: &[Scenario] = &[
    httpx("keep_alive"),
    httpx("head"),
    httpx("gzip"),
    httpx("credentials"),
    httpx("posts"),
    http("curl", Kind::Nginx, "curl", &["--http2-prior-knowledge", "-s", "--compressed", "URL/users.json"]),
    http(
        "parallel",
        Kind::Nginx,
        "nghttp",
        &["-n", "-m", "2", "URL/index.html", "URL/users.json", "URL/three.txt", "URL/missing"],
    ),
    http("h2load", Kind::Nghttpd, "h2load", &["-n", "24", "-c", "1", "-m", "6", "URL/index.html"]),
    http(
        "nghttp",
        Kind::Nghttpd,
        "nghttp",
        &[
            "-n",
            "--padding=64",
            "--continuation",
            "--header=x-long: a value that goes on",
            "--trailer=x-checksum: 1a2b",
            "--data=WWW/users.json",
            "--expect-continue",
            "URL/index.html",
        ],
    ),
    http(
        "push",
        Kind::Nghttpd,
        "nghttp",
        &["-n", "-a", "--header-table-size=65536", "--encoder-header-table-size=0", "URL/index.html"],
    ),
    http("upgrade", Kind::Nghttpx, "curl", &["--http2", "-s", "URL/index.html", "URL/users.json"]),
    http("node", Kind::Node, "node", &["-e", include_str!("client.js")]),
    grpc("unary"),
    grpc("streams"),
    grpc("gzip"),
    grpc("login"),
    etcd(
        "etcd",
        &[
            "-c",
            "etcdctl --endpoints=URL put greeting hello && etcdctl --endpoints=URL get greeting && \
                 etcdctl --endpoints=URL del greeting",
        ],
    ),
    etcd(
        "etcd_transaction",
        &[
            "-c",
            "printf 'mod(\"a\") > \"0\"\\n\\nput a 1\\nget a\\n\\nput b 2\\n\\n' | etcdctl --endpoints=URL txn",
        ],
    ),
];
