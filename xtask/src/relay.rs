//! A relay between clients and a server, which writes down what both say.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use model::conn::Speaker;
use protocols::kit::transcript::Line;

use crate::Outcome;

/// As much as one read of the relay takes; what a side writes at once and is shorter stays one line.
const READ: usize = 256 << 10;
/// How long a server may keep a connection that its client has left.
const PATIENCE: Duration = Duration::from_secs(20);

/// What both sides of one connection said, in the order in which the relay heard it.
type Talk = Arc<Mutex<Vec<Line>>>;

/// A connection that was passed on.
struct Call {
    talk: Talk,
    /// Closed when both sides have closed.
    passing: Receiver<Infallible>,
}

/// Accepts connections, and passes each on to the server.
pub(crate) struct Relay {
    /// Where clients reach it.
    pub(crate) address: SocketAddr,
    calls: Receiver<Call>,
    /// Who makes the connection that ends the relay.
    last: Arc<Mutex<Option<SocketAddr>>>,
}

impl Relay {
    /// A relay on a free port, until it is finished.
    pub(crate) fn open(server: SocketAddr) -> Outcome<Relay> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| format!("listening: {e}"))?;
        let address = listener.local_addr().map_err(|e| format!("listening: {e}"))?;
        let (told, calls) = channel();
        let last = Arc::default();
        let ends = Arc::clone(&last);
        thread::spawn(move || accept(&listener, server, &told, &ends));
        Ok(Relay { address, calls, last })
    }

    /// What was said on each connection, in the order in which they were made.
    ///
    /// # Errors
    /// The server keeps a connection that its client has left.
    pub(crate) fn finish(self) -> Outcome<Vec<Vec<Line>>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let ending = TcpStream::connect(self.address).and_then(|ending| ending.local_addr());
        *last = Some(ending.map_err(|e| format!("ending the relay: {e}"))?);
        drop(last);
        self.calls.iter().map(said).collect()
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, told: &Sender<Call>, last: &Mutex<Option<SocketAddr>>) {
    while let Ok((client, from)) = listener.accept() {
        if *last.lock().unwrap_or_else(PoisonError::into_inner) == Some(from) {
            return;
        }
        let talk = Talk::default();
        let (ended, passing) = channel();
        if let Ok(server) = TcpStream::connect(server) {
            pass_both_ways(&client, &server, &talk, &ended);
        }
        let _ = told.send(Call { talk, passing });
    }
}

/// What was said on a connection that has come to its end.
fn said(call: Call) -> Outcome<Vec<Line>> {
    if call.passing.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        return Err("the server keeps a connection that its client has left".to_owned());
    }
    Ok(std::mem::take(&mut *call.talk.lock().unwrap_or_else(PoisonError::into_inner)))
}

fn pass_both_ways(client: &TcpStream, server: &TcpStream, talk: &Talk, ended: &Sender<Infallible>) {
    for (speaker, from, to) in [(Speaker::Client, client, server), (Speaker::Server, server, client)] {
        if let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) {
            let _ = to.set_nodelay(true);
            let (talk, ended) = (Arc::clone(talk), ended.clone());
            thread::spawn(move || {
                pass(speaker, from, to, &talk);
                drop(ended);
            });
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
