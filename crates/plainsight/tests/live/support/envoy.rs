//! An Envoy of the test's own: TLS at its front, HTTP/1.1 in clear to a server behind it.

use std::fs;

use super::clients::Wheel;
use super::ground::Ground;
use super::process::{Lines, Running, free_port, make_certificate};

/// A proxy on a port of its own.
pub(crate) struct Envoy {
    pub(crate) port: u16,
    running: Running,
    _notes: Lines,
}

impl Drop for Envoy {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl Envoy {
    /// Starts the package's program in the ground's folder, before the server on port `behind` of this host.
    pub(crate) fn start(ground: &Ground, wheel: &Wheel, behind: u16) -> Envoy {
        let folder = ground.folder.path().join("envoy");
        fs::create_dir(&folder).unwrap();
        make_certificate(&folder);
        let port = free_port();
        fs::write(folder.join("envoy.yaml"), configuration(port, behind)).unwrap();
        let mut envoy = std::process::Command::new(wheel.file("envoy/_bin/envoy"));
        envoy.current_dir(&folder).args(["-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "2"]);
        let mut running = Running::start(&mut envoy);
        let notes = Lines::of(running.0.stderr.take().unwrap());
        notes.until("starting main dispatch loop");
        Envoy { port, running, _notes: notes }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }
}

fn configuration(port: u16, behind: u16) -> String {
    let named = |name: &str| format!("type.googleapis.com/envoy.extensions.{name}");
    let tls = named("transport_sockets.tls.v3.DownstreamTlsContext");
    let manager = named("filters.network.http_connection_manager.v3.HttpConnectionManager");
    let router = named("filters.http.router.v3.Router");
    format!(
        r#"
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - transport_socket:
        name: tls
        typed_config:
          "@type": {tls}
          common_tls_context:
            tls_certificates: [{{ certificate_chain: {{ filename: cert.pem }}, private_key: {{ filename: key.pem }} }}]
      filters:
      - name: http
        typed_config:
          "@type": {manager}
          stat_prefix: front
          codec_type: HTTP1
          route_config:
            virtual_hosts:
            - {{ name: all, domains: ["*"], routes: [{{ match: {{ prefix: / }}, route: {{ cluster: behind }} }}] }}
          http_filters: [{{ name: router, typed_config: {{ "@type": {router} }} }}]
  clusters:
  - name: behind
    type: STATIC
    load_assignment:
      cluster_name: behind
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {behind} }} }} }}
"#
    )
}
