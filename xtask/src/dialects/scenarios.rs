//! What the clients do, each in its own way.

/// One thing that a client does, which becomes a fixture.
pub(super) struct Scenario {
    pub(super) dialect: &'static str,
    pub(super) name: &'static str,
    /// The server and its words; it listens on the port of its environment, `PORT`.
    pub(super) server: &'static [&'static str],
    /// The client and its words; the server is at `URL` and `ADDRESS`.
    pub(super) client: &'static [&'static str],
    /// What both are: a program, a package of Python's (`python:`) or of Node's (`node:`).
    pub(super) programs: &'static [&'static str],
    /// What the connection that is kept says, and none before it.
    pub(super) says: &'static str,
}

/// All of them.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        dialect: "graphql",
        name: "gql",
        server: &["node", "-e", include_str!("graphql_server.js")],
        client: &["python", "-c", include_str!("graphql_client.py")],
        programs: &["node:@apollo/server", "python:gql"],
        says: "POST",
    },
    Scenario {
        dialect: "graphql",
        name: "curl",
        server: &["node", "-e", include_str!("graphql_server.js")],
        client: &["sh", "-c", include_str!("graphql_curl.sh")],
        programs: &["node:@apollo/server", "curl"],
        says: "GET",
    },
    Scenario {
        dialect: "graphql",
        name: "http2",
        server: &["node", "-e", include_str!("graphql_server.js"), "http2"],
        client: &[
            "sh",
            "-c",
            concat!(
                "curl() { command curl --http2-prior-knowledge \"$@\"; }\n",
                include_str!("graphql_curl.sh")
            ),
        ],
        programs: &["node:@apollo/server", "curl"],
        says: "PRI",
    },
    Scenario {
        dialect: "openai",
        name: "chat",
        server: &["node", "-e", include_str!("model_server.js")],
        client: &["python", "-c", include_str!("openai_client.py")],
        programs: &["node:@copilotkit/aimock", "python:openai"],
        says: "POST",
    },
    Scenario {
        dialect: "openai",
        name: "chat_tools",
        server: &["node", "-e", include_str!("model_server.js")],
        client: &["python", "-c", include_str!("openai_client.py")],
        programs: &["node:@copilotkit/aimock", "python:openai"],
        says: "\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"The",
    },
    Scenario {
        dialect: "openai",
        name: "responses_tools",
        server: &["node", "-e", include_str!("model_server.js")],
        client: &["python", "-c", include_str!("openai_client.py")],
        programs: &["node:@copilotkit/aimock", "python:openai"],
        says: "\"input\":\"The weather",
    },
    Scenario {
        dialect: "openai",
        name: "embeddings",
        server: &["node", "-e", include_str!("model_server.js")],
        client: &["python", "-c", include_str!("openai_client.py")],
        programs: &["node:@copilotkit/aimock", "python:openai"],
        says: "forbidden",
    },
    Scenario {
        dialect: "openai",
        name: "gateway",
        server: &["python", "-c", include_str!("gateway_server.py")],
        client: &["python", "-c", include_str!("openai_gateway.py")],
        programs: &["python:litellm", "python:openai"],
        says: "POST",
    },
    Scenario {
        dialect: "anthropic",
        name: "messages",
        server: &["node", "-e", include_str!("model_server.js")],
        client: &["python", "-c", include_str!("anthropic_client.py")],
        programs: &["node:@copilotkit/aimock", "python:anthropic"],
        says: "POST",
    },
    Scenario {
        dialect: "gemini",
        name: "generate",
        server: &["node", "-e", include_str!("model_server.js")],
        client: &["python", "-c", include_str!("gemini_client.py")],
        programs: &["node:@copilotkit/aimock", "python:google-genai"],
        says: "POST",
    },
    Scenario {
        dialect: "mcp",
        name: "streamable",
        server: &["python", "-c", include_str!("mcp_server.py"), "streamable-http"],
        client: &["python", "-c", include_str!("mcp_client.py"), "streamable-http"],
        programs: &["python:mcp"],
        says: "Atlantis",
    },
    Scenario {
        dialect: "mcp",
        name: "sse",
        server: &["python", "-c", include_str!("mcp_server.py"), "sse"],
        client: &["python", "-c", include_str!("mcp_client.py"), "sse"],
        programs: &["python:mcp"],
        says: "POST",
    },
    Scenario {
        dialect: "mcp",
        name: "json",
        server: &["python", "-c", include_str!("mcp_server.py"), "streamable-http", "json"],
        client: &["python", "-c", include_str!("mcp_client.py"), "streamable-http"],
        programs: &["python:mcp"],
        says: "tools/list",
    },
    Scenario {
        dialect: "clickhouse",
        name: "curl_clickhouse",
        server: &["sh", "-c", include_str!("clickhouse_server.sh")],
        client: &["sh", "-c", include_str!("clickhouse_client.sh")],
        programs: &["clickhouse-client", "curl"],
        says: "POST",
    },
    Scenario {
        dialect: "influxdb",
        name: "influxdb",
        server: &["sh", "-c", include_str!("influxdb_server.sh")],
        client: &["python", "-c", include_str!("influxdb_client.py"), "application/json"],
        programs: &["influxd", "python:influxdb"],
        says: "POST",
    },
    Scenario {
        dialect: "influxdb",
        name: "influxdb_msgpack",
        server: &["sh", "-c", include_str!("influxdb_server.sh")],
        client: &["python", "-c", include_str!("influxdb_client.py"), "application/x-msgpack"],
        programs: &["influxd", "python:influxdb"],
        says: "POST",
    },
    Scenario {
        dialect: "etcd",
        name: "gateway_etcd",
        server: &["sh", "-c", include_str!("etcd_server.sh")],
        client: &["sh", "-c", include_str!("etcd_client.sh")],
        programs: &["etcd", "curl"],
        says: "POST",
    },
    Scenario {
        dialect: "chroma",
        name: "chroma",
        server: &["python", "-c", include_str!("chroma_server.py")],
        client: &["python", "-c", include_str!("chroma_client.py")],
        programs: &["python:chromadb"],
        says: "POST",
    },
];
