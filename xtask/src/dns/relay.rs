//! A relay of datagrams between one client and a server, which writes down what both say.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use model::conn::Speaker;
use protocols::kit::transcript::Line;

use crate::Outcome;

/// A datagram is not longer.
const LONGEST: usize = 64 << 10;

/// Passes on what comes from a client, and the answers to whoever spoke last.
pub(crate) struct Datagrams {
    /// Where clients reach it.
    pub(crate) port: u16,
    said: Arc<Mutex<Vec<Line>>>,
}

impl Datagrams {
    /// A relay on a free port, for as long as the program runs.
    pub(crate) fn open(server: SocketAddr) -> Outcome<Datagrams> {
        let failed = |e| format!("relaying datagrams: {e}");
        let near = UdpSocket::bind(("127.0.0.1", 0)).map_err(failed)?;
        let far = UdpSocket::bind(("127.0.0.1", 0)).map_err(failed)?;
        far.connect(server).map_err(failed)?;
        let port = near.local_addr().map_err(failed)?.port();
        let said = Arc::new(Mutex::new(Vec::new()));
        let client = Arc::new(Mutex::new(None));
        for speaker in [Speaker::Client, Speaker::Server] {
            let (near, far) = (near.try_clone().map_err(failed)?, far.try_clone().map_err(failed)?);
            let (said, client) = (Arc::clone(&said), Arc::clone(&client));
            thread::spawn(move || pass(speaker, &near, &far, &said, &client));
        }
        Ok(Datagrams { port, said })
    }

    /// What was said.
    pub(crate) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn pass(
    speaker: Speaker,
    near: &UdpSocket,
    far: &UdpSocket,
    said: &Mutex<Vec<Line>>,
    client: &Mutex<Option<SocketAddr>>,
) {
    let mut buffer = vec![0; LONGEST];
    let from = if speaker == Speaker::Client { near } else { far };
    while let Ok((length, address)) = from.recv_from(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default();
        // It is written down before it is passed on: no answer can come first.
        said.lock().unwrap_or_else(PoisonError::into_inner).push(Line { speaker, bytes: bytes.to_vec() });
        let mut client = client.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = match speaker {
            Speaker::Client => {
                *client = Some(address);
                far.send(bytes)
            }
            Speaker::Server => match *client {
                Some(client) => near.send_to(bytes, client),
                None => Ok(0),
            },
        };
    }
}
