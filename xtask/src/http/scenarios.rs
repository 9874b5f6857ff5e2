//! What the clients do, each in its own way.

/// One thing that a client does, which becomes a fixture.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) server: Kind,
    /// The client and its words, in which `URL` is the server, `ORIGIN` is nginx and `WWW` the folder of its files.
    pub(crate) program: &'static str,
    pub(crate) words: &'static [&'static str],
    /// What a Python script or server of it imports.
    pub(crate) imports: &'static str,
}

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Aiohttp,
    Node,
    /// One of Python's own, that ends bodies with the connection.
    Closing,
}

const fn curl(name: &'static str, server: Kind, words: &'static [&'static str]) -> Scenario {
    Scenario { name, server, program: "curl", words, imports: "sys" }
}

const fn python(
    name: &'static str,
    server: Kind,
    script: &'static [&'static str],
    imports: &'static str,
) -> Scenario {
    Scenario { name, server, program: "python3", words: script, imports }
}

/// All of them.
pub(crate) const SCENARIOS: &[Scenario] = &[
    curl(
        "keep_alive",
        Kind::Nginx,
        &["-s", "URL/index.html?q=1", "URL/users.json", "URL/missing", "URL/fail", "URL/"],
    ),
    curl(
        "head",
        Kind::Nginx,
        &[
            "-sI",
            "URL/users.json",
            "--next",
            "-s",
            "URL/index.html",
            "--next",
            "-sI",
            "URL/missing",
            "--next",
            "-s",
            "URL/index.html",
        ],
    ),
    curl(
        "not_modified_and_range",
        Kind::Nginx,
        &[
            "-s",
            "-z",
            "2037-01-01",
            "URL/index.html",
            "--next",
            "-s",
            "-r",
            "2-9",
            "URL/index.html",
            "--next",
            "-s",
            "URL/index.html",
        ],
    ),
    curl("gzip", Kind::Nginx, &["-s", "--compressed", "URL/users.json", "URL/index.html"]),
    curl("large", Kind::Nginx, &["-s", "URL/big.txt", "URL/big.bin", "URL/index.html"]),
    curl(
        "refused_upload",
        Kind::Nginx,
        &["-s", "-H", "Expect: 100-continue", "-d", "@WWW/three.txt", "URL/upload"],
    ),
    Scenario {
        program: "ab",
        ..curl("ab", Kind::Nginx, &["-q", "-k", "-n", "3", "-c", "1", "URL/index.html"])
    },
    Scenario { program: "node", ..curl("node_client", Kind::Nginx, &["-e", include_str!("client.js")]) },
    python("pipelined", Kind::Nginx, &["-c", include_str!("pipelined.py")], "sys"),
    python("simple", Kind::Nginx, &["-c", include_str!("simple.py")], "sys"),
    python("credentials", Kind::Nginx, &["-c", include_str!("credentials.py")], "requests"),
    curl(
        "posts",
        Kind::Aiohttp,
        &[
            "-s",
            "-d",
            "user=ada&password=hunter2&city=London",
            "URL/echo",
            "--next",
            "-s",
            "-H",
            "Content-Type: application/json",
            "-d",
            r#"{"name":"Ada","client_secret":"hunter2","tags":[1,2]}"#,
            "URL/echo",
        ],
    ),
    curl(
        "forms",
        Kind::Aiohttp,
        &[
            "-s",
            "-F",
            "user=ada",
            "-F",
            "password=hunter2",
            "-F",
            r#"account={"city":"London","client_secret":"hunter2"}"#,
            "-F",
            "page=@WWW/index.html",
            "-F",
            "photo=@WWW/index.html;type=image/png;filename=token.png",
            "URL/echo",
        ],
    ),
    curl("chunked", Kind::Aiohttp, &["-s", "URL/chunks", "URL/chunks"]),
    Scenario {
        imports: "aiohttp, brotli, zstandard",
        ..curl(
            "encodings",
            Kind::Aiohttp,
            &["-s", "--raw", "-H", "Accept-Encoding: br, zstd, deflate", "URL/br", "URL/zstd", "URL/deflate"],
        )
    },
    python("upgrade", Kind::Aiohttp, &["-c", include_str!("upgrade.py")], "aiohttp"),
    curl(
        "expect_continue",
        Kind::Node,
        &[
            "-s",
            "-H",
            "Expect: 100-continue",
            "-H",
            "Content-Type: application/json",
            "-d",
            r#"{"name":"Ada","mail":"ada@example.com"}"#,
            "URL/continue",
            "--next",
            "-s",
            "-H",
            "Transfer-Encoding: chunked",
            "-T",
            "WWW/users.json",
            "URL/put",
        ],
    ),
    curl("trailers_and_hints", Kind::Node, &["-s", "URL/trailers", "URL/hints", "URL/after"]),
    curl(
        "connect",
        Kind::Node,
        &["-s", "-p", "-x", "URL", "--proxy-user", "ada:hunter2", "ORIGIN/index.html"],
    ),
    curl("by_close", Kind::Closing, &["-s", "URL/users.json"]),
];
