//! A client and a server over rustls, which tell the truth about themselves as lines of JSON.
//!
//! `serve CERTIFICATE KEY` says its port, then answers until its input ends; `call PORT CONNECTIONS CALLS` has all its
//! connections in one thread, and goes over them in turn, as an event loop does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program of the tests stops where its ground is gone"
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::thread;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use rustls::{DigitallySignedStruct, Error, SignatureScheme, Stream};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words[at].parse().unwrap();
    match words[0].as_str() {
        "serve" => serve(&words[1], &words[2]),
        _ => call(u16::try_from(number(1)).unwrap(), number(2), number(3)),
    }
}

fn tell(fd: i32, port: u16, path: &str, status: u32) {
    let pid = std::process::id();
    println!(r#"{{"pid":{pid},"fd":{fd},"port":{port},"path":"{path}","status":{status}}}"#);
}

fn serve(certificate: &str, key: &str) {
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming().map(Result::unwrap) {
            let config = Arc::clone(&config);
            thread::spawn(move || answer(stream, config));
        }
    });
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

fn answer(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let (fd, port) = (stream.as_raw_fd(), stream.peer_addr().unwrap().port());
    let mut session = ServerConnection::new(config).unwrap();
    let mut stream = Stream::new(&mut session, &mut stream);
    let mut room = [0; 4096];
    // The client ends it with its words read.
    while let Ok(length @ 1..) = stream.read(&mut room) {
        let asked = std::str::from_utf8(&room[..length]).unwrap();
        let path = asked.split(' ').nth(1).unwrap();
        let body = format!("you asked for {path}\n");
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        tell(fd, port, path, 200);
        let pieces = [head.as_bytes(), body.as_bytes()].map(std::io::IoSlice::new);
        assert_eq!(stream.write_vectored(&pieces).unwrap(), head.len() + body.len());
        stream.flush().unwrap();
    }
}

fn call(port: u16, connections: usize, calls: usize) {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let trusting = Arc::new(Trusting(provider));
    let config = builder.dangerous().with_custom_certificate_verifier(trusting).with_no_client_auth();
    let config = Arc::new(config);
    let mut talks: Vec<Talk> = (0..connections).map(|_| Talk::begin(port, &config)).collect();
    for number in 0..calls {
        for (connection, talk) in talks.iter_mut().enumerate() {
            talk.ask(&format!("/call/{connection}/{number}"));
        }
        for (connection, talk) in talks.iter_mut().enumerate() {
            let status = talk.hear();
            let port = talk.socket.local_addr().unwrap().port();
            tell(talk.socket.as_raw_fd(), port, &format!("/call/{connection}/{number}"), status);
        }
    }
}

/// One connection of the client.
struct Talk {
    socket: TcpStream,
    session: ClientConnection,
}

impl Talk {
    fn begin(port: u16, config: &Arc<ClientConfig>) -> Talk {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(Arc::clone(config), name).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut socket).unwrap();
        }
        Talk { socket, session }
    }

    fn ask(&mut self, path: &str) {
        let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.session.writer().write_all(asked.as_bytes()).unwrap();
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket).unwrap();
        }
    }

    /// The status of the answer, when the line is read that is its body.
    fn hear(&mut self) -> u32 {
        let mut heard = Vec::new();
        while !(heard.ends_with(b"\n")
            && heard.windows(4).any(|end| end == b"\r\n\r\n")
            && !heard.ends_with(b"\r\n"))
        {
            self.session.read_tls(&mut self.socket).unwrap();
            let state = self.session.process_new_packets().unwrap();
            let mut more = vec![0; state.plaintext_bytes_to_read()];
            self.session.reader().read_exact(&mut more).unwrap();
            heard.extend(more);
        }
        std::str::from_utf8(&heard[9..12]).unwrap().parse().unwrap()
    }
}

/// Takes any certificate.
#[derive(Debug)]
struct Trusting(Arc<CryptoProvider>);

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
