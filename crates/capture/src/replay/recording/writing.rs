//! Writing a recording.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use model::conn::{Address, ConnId};
use model::event::{Counted, Event, Opened, Said, What};
use model::process::Process;

use crate::replay::recording::{CLOSED, COUNTED, LOST, MAGIC, OPENED, SAID, SEALED, SECURED, VERSION};

/// Bytes that one frame holds at most.
const SAID_MAX: usize = 1 << 20;
/// Letters that a text keeps at most: command lines are already shortened to far less.
const TEXT_MAX: usize = 64 << 10;
/// Parents that a process keeps at most: deeper trees are none that a person reads.
const PARENTS_MAX: u8 = 8;
/// What is gathered before the disk is asked.
const GATHERED: usize = 256 << 10;

/// Writes events to a file that only its owner can read: it holds what programs said.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
    body: Vec<u8>,
}

impl Recorder {
    /// A new recording at `path`; what stood there is replaced.
    ///
    /// # Errors
    /// What the system answered.
    pub fn create(path: &Path) -> io::Result<Recorder> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // The mode above holds for new files only.
        file.set_permissions(Permissions::from_mode(0o600))?;
        let mut file = BufWriter::with_capacity(GATHERED, file);
        file.write_all(&MAGIC)?;
        file.write_all(&VERSION.to_le_bytes())?;
        Ok(Recorder { file, body: Vec::new() })
    }

    /// Adds an event.
    ///
    /// # Errors
    /// What the system answered.
    pub fn record(&mut self, event: &Event<'_>) -> io::Result<()> {
        let What::Said(said) = &event.what else { return self.frame(event) };
        let mut rest = *said;
        while rest.bytes.len() > SAID_MAX {
            let (front, after) = rest.bytes.split_at(SAID_MAX);
            self.frame(&Event { what: What::Said(Said { bytes: front, ..rest }), ..*event })?;
            rest = Said { offset: rest.offset + front.len() as u64, bytes: after, ..rest };
        }
        self.frame(&Event { what: What::Said(rest), ..*event })
    }

    /// Ends the recording: when it returns, the disk has it.
    ///
    /// # Errors
    /// What the system answered.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }

    fn frame(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.body.clear();
        write(&mut self.body, event);
        let length = u32::try_from(self.body.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&crc32fast::hash(&self.body).to_le_bytes())?;
        self.file.write_all(&self.body)
    }
}

fn write(body: &mut Vec<u8>, event: &Event<'_>) {
    body.extend(event.at.0.to_le_bytes());
    conn(body, event.conn);
    match &event.what {
        What::Opened(facts) => {
            body.push(OPENED);
            opened(body, facts);
        }
        What::Said(said) => {
            body.extend([SAID, said.layer as u8, said.speaker as u8]);
            body.extend(said.offset.to_le_bytes());
            body.extend(said.bytes);
        }
        What::Lost(lost) => {
            body.extend([LOST, lost.layer as u8, lost.speaker as u8, lost.cause as u8]);
            body.extend(lost.offset.to_le_bytes());
            body.extend(lost.length.to_le_bytes());
        }
        What::Sealed { speaker, length } => {
            body.extend([SEALED, *speaker as u8]);
            body.extend(length.to_le_bytes());
        }
        What::Secured(paired) => body.extend([SECURED, *paired as u8]),
        What::Closed => body.push(CLOSED),
        What::Counted(sides) => {
            body.push(COUNTED);
            sides.iter().for_each(|side| counted(body, side));
        }
    }
}

fn counted(body: &mut Vec<u8>, of: &Counted) {
    body.push(u8::from(of.socket.is_some()));
    let figures = [of.socket.unwrap_or_default(), of.before].into_iter().chain(of.seen).chain(of.twice);
    figures.for_each(|figure| body.extend(figure.to_le_bytes()));
}

fn conn(body: &mut Vec<u8>, conn: ConnId) {
    body.extend(conn.tgid.to_le_bytes());
    body.extend(conn.fd.to_le_bytes());
    body.extend(conn.generation.to_le_bytes());
}

fn opened(body: &mut Vec<u8>, facts: &Opened) {
    body.extend([facts.transport as u8, facts.role as u8, facts.joined as u8]);
    address(body, &facts.client);
    address(body, &facts.server);
    body.push(u8::from(facts.process.is_some()));
    if let Some(facts) = &facts.process {
        process(body, facts);
    }
    body.push(u8::from(facts.peer.is_some()));
    if let Some(peer) = &facts.peer {
        conn(body, **peer);
    }
    body.extend(facts.weight.to_le_bytes());
}

fn address(body: &mut Vec<u8>, address: &Address) {
    match address {
        Address::Unknown => body.push(0),
        Address::Unix(path) => {
            body.push(1);
            text(body, path);
        }
        Address::Inet(inet) => {
            match inet.ip {
                IpAddr::V4(ip) => {
                    body.push(4);
                    body.extend(ip.octets());
                }
                IpAddr::V6(ip) => {
                    body.push(6);
                    body.extend(ip.octets());
                }
            }
            body.extend(inet.port.to_le_bytes());
        }
    }
}

fn process(body: &mut Vec<u8>, process: &Process) {
    body.extend(process.pid.to_le_bytes());
    for word in [&process.name, &process.exe, &process.command] {
        text(body, word);
    }
    body.extend(process.uid.to_le_bytes());
    optional(body, process.user.as_deref());
    let parents = process.parents.iter().take(usize::from(PARENTS_MAX));
    body.push(u8::try_from(parents.len()).unwrap_or(PARENTS_MAX));
    parents.for_each(|parent| text(body, parent));
    optional(body, process.container.as_deref());
}

fn optional(body: &mut Vec<u8>, word: Option<&str>) {
    body.push(u8::from(word.is_some()));
    if let Some(word) = word {
        text(body, word);
    }
}

fn text(body: &mut Vec<u8>, word: &str) {
    let end = (0..=word.len().min(TEXT_MAX)).rev().find(|end| word.is_char_boundary(*end));
    let kept = word.get(..end.unwrap_or(0)).unwrap_or_default();
    body.extend(u32::try_from(kept.len()).unwrap_or(0).to_le_bytes());
    body.extend(kept.as_bytes());
}
