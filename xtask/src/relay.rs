//! A relay between clients and a server, which writes down what both say.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use model::conn::Speaker;
use protocols::kit::transcript::Line;

use crate::Outcome;

/// As much as one read of the relay takes; what a side writes at once and is shorter stays one line.
const READ: usize = 256 << 10;

/// What both sides of one connection said, in the order in which the relay heard it.
type Talk = Arc<Mutex<Vec<Line>>>;

/// Accepts connections, and passes each on to the server.
pub(crate) struct Relay {
    /// Where clients reach it.
    pub(crate) address: SocketAddr,
    talks: Arc<Mutex<Vec<Talk>>>,
}

impl Relay {
    /// A relay on a free port, for as long as the program runs.
    pub(crate) fn open(server: SocketAddr) -> Outcome<Relay> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| format!("listening: {e}"))?;
        let address = listener.local_addr().map_err(|e| format!("listening: {e}"))?;
        let talks = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&talks);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let talk = Talk::default();
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&talk));
                if let Ok(server) = TcpStream::connect(server) {
                    pass_both_ways(&client, &server, &talk);
                }
            }
        });
        Ok(Relay { address, talks })
    }

    /// What was said on each connection since the last call, in the order in which they were made.
    pub(crate) fn take(&self) -> Vec<Vec<Line>> {
        let talks = std::mem::take(&mut *self.talks.lock().unwrap_or_else(PoisonError::into_inner));
        talks.iter().map(|talk| talk.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }
}

fn pass_both_ways(client: &TcpStream, server: &TcpStream, talk: &Talk) {
    for (speaker, from, to) in [(Speaker::Client, client, server), (Speaker::Server, server, client)] {
        if let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) {
            let _ = to.set_nodelay(true);
            let talk = Arc::clone(talk);
            thread::spawn(move || pass(speaker, from, to, &talk));
        }
    }
}

fn pass(speaker: Speaker, mut from: TcpStream, mut to: TcpStream, talk: &Talk) {
    let mut buffer = vec![0; READ];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default();
        // It is written down before it is passed on: no answer can come first.
        let line = Line { speaker, bytes: bytes.to_vec() };
        talk.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
