//! Requests.

use std::borrow::Cow;

use model::conn::Speaker;
use model::details::Details;
use model::exchange::{Request, Text};
use model::row::Row;

use crate::kit::protocol::{Heard, Key, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

use super::operations::{Asks, Operation, by_code};
use super::records::{data, flag, int, list, long, text};
use super::session::ZooKeeper;
use super::wire::{GREETING, Packet, packet};

/// What stands in the place of a credential.
const MASK: &str = "***";
/// So many paths of one request are told.
const TARGETS: usize = 32;
/// A statement is not told further.
const LONGEST: usize = 4 << 10;
/// The bits of a node's permissions, and the letters that the shell writes for them.
const PERMISSIONS: [(i32, char); 5] = [(4, 'c'), (8, 'd'), (1, 'r'), (2, 'w'), (16, 'a')];

impl ZooKeeper {
    /// Reads the client's next packet.
    pub(super) fn asked(&mut self, wire: &mut Reader<'_>) -> Read<Heard> {
        let mut packet = packet(Speaker::Client, wire)?;
        let id = int(&mut packet.body)?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let told = if id == GREETING {
            greet(&mut packet.body, request)
        } else {
            let Some(operation) = by_code(int(&mut packet.body)?) else {
                return Err(wire.broken("a request is for an operation that nobody knows"));
            };
            request.operation = Cow::Borrowed(operation.name);
            state(operation, &mut packet.body, request)
        };
        packet.settle(told)?;
        wire.skip(packet.size);
        self.last = id;
        Ok(Heard::Request(key(id), exchange))
    }
}

/// What an answer names its request by.
pub(super) fn key(id: i32) -> Key {
    Key::Id(u64::from(id.cast_unsigned()))
}

/// `ConnectRequest`: of a client that had a session, its number.
fn greet(body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
    request.operation = Cow::Borrowed("connect");
    let _last_seen = long(body)?;
    let timeout = int(body)?;
    let session = body.be64()?;
    request.statement.write("connect");
    request.details.push(("timeout_ms", i64::from(timeout).into()));
    if session != 0 {
        request.details.push(("session", Text::from(format!("{session:#x}")).into()));
    }
    Ok(())
}

/// Writes a request.
fn state(operation: &Operation, body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
    let Request { statement, targets, parameters, details, .. } = request;
    let mut told = Ok(());
    statement.write_with(|out| told = Teller { out, targets, parameters, details }.tell(operation, body));
    told
}

/// Where a request is told.
struct Teller<'a> {
    out: &'a mut String,
    targets: &'a mut Vec<Text>,
    parameters: &'a mut Row,
    details: &'a mut Details,
}

impl Teller<'_> {
    fn tell(&mut self, operation: &Operation, body: &mut Reader<'_>) -> Read<()> {
        self.out.push_str(operation.name);
        match operation.asks {
            Asks::Nothing => {}
            Asks::Path => self.path(body)?,
            Asks::Watch => {
                self.path(body)?;
                if flag(body)? {
                    self.out.push_str(" watch");
                }
            }
            Asks::Create => self.create(body)?,
            Asks::CreateFor => {
                self.create(body)?;
                self.word(&format!("ttl={}", long(body)?));
            }
            Asks::Version => {
                self.path(body)?;
                self.version(body)?;
            }
            Asks::SetData => {
                self.path(body)?;
                self.data(body)?;
                self.version(body)?;
            }
            Asks::SetAcl => {
                self.path(body)?;
                self.rules(body)?;
                self.version(body)?;
            }
            Asks::Mode => {
                self.path(body)?;
                self.word(&int(body)?.to_string());
            }
            Asks::Multi => self.several(body)?,
            Asks::Auth => self.proof(body)?,
            Asks::Sasl => self.word(MASK),
            Asks::Watches(lists) => self.watches(lists, body)?,
            Asks::Reconfig => {
                for name in ["joining", "leaving", "members"] {
                    let members = lossy(text(body)?);
                    if !members.is_empty() {
                        self.word(&format!("{name}={members}"));
                    }
                }
            }
        }
        Ok(())
    }

    fn word(&mut self, word: &str) {
        self.out.push(' ');
        self.out.push_str(word);
    }

    fn path(&mut self, body: &mut Reader<'_>) -> Read<()> {
        let path = lossy(text(body)?);
        self.word(&path);
        if self.targets.len() < TARGETS && self.targets.iter().all(|target| **target != *path) {
            self.targets.push(path.into());
        }
        Ok(())
    }

    fn data(&mut self, body: &mut Reader<'_>) -> Read<()> {
        let data = data(body)?;
        if self.parameters.len() < TARGETS {
            self.parameters.push(&lossy(data.bytes));
        }
        if data.is_cut() {
            self.details.push(("data_bytes", i64::try_from(data.length).unwrap_or(i64::MAX).into()));
        }
        Ok(())
    }

    /// The version that a node must have; -1 is any.
    fn version(&mut self, body: &mut Reader<'_>) -> Read<()> {
        let version = int(body)?;
        if version != -1 {
            self.word(&version.to_string());
        }
        Ok(())
    }

    fn create(&mut self, body: &mut Reader<'_>) -> Read<()> {
        self.path(body)?;
        self.data(body)?;
        self.rules(body)?;
        let mode = int(body)?;
        let modes = ["", "-e", "-s", "-e -s", "-c", "-t", "-s -t"];
        match usize::try_from(mode).ok().and_then(|mode| modes.get(mode)) {
            Some(&"") => {}
            Some(mode) => self.word(mode),
            None => self.word(&mode.to_string()),
        }
        Ok(())
    }

    /// Who may do what, as the shell writes it; everybody and everything is not told.
    fn rules(&mut self, body: &mut Reader<'_>) -> Read<()> {
        list(body, |body| {
            let granted = int(body)?;
            let (scheme, id) = (text(body)?, text(body)?);
            let rule = rule(granted, scheme, id);
            if rule != "world:anyone:cdrwa" && self.out.len() < LONGEST {
                self.word(&rule);
            }
            Ok(())
        })
        .map(drop)
    }

    /// `MultiTransactionRecord`: operations, each behind a header, of which the last says that it is.
    fn several(&mut self, body: &mut Reader<'_>) -> Read<()> {
        let mut before = " [";
        while self.out.len() < LONGEST {
            let code = int(body)?;
            let done = flag(body)?;
            let _unused = int(body)?;
            if done {
                break;
            }
            let Some(operation) = by_code(code).filter(|operation| operation.asks != Asks::Multi) else {
                return Err(body.broken("a transaction holds what is no operation"));
            };
            self.out.push_str(std::mem::replace(&mut before, ", "));
            self.tell(operation, body)?;
        }
        self.out.push(']');
        Ok(())
    }

    /// `AuthPacket`: only of `digest`, the proof begins with a name that is none.
    fn proof(&mut self, body: &mut Reader<'_>) -> Read<()> {
        let _kind = int(body)?;
        let scheme = lossy(text(body)?);
        self.word(&scheme);
        if scheme == "digest" {
            let proof = data(body)?;
            let user =
                proof.bytes.split(|byte| *byte == b':').next().filter(|user| user.len() < proof.bytes.len());
            if let Some(user) = user {
                let user = Text::from(&*lossy(user));
                self.word(&user);
                self.details.push(("user", user.into()));
            }
        }
        self.word(MASK);
        Ok(())
    }

    /// `SetWatches`: what a client watched when its connection broke.
    fn watches(&mut self, lists: u8, body: &mut Reader<'_>) -> Read<()> {
        let _last_seen = long(body)?;
        for _ in 0..lists {
            list(body, |body| if self.out.len() < LONGEST { self.path(body) } else { text(body).map(drop) })?;
        }
        Ok(())
    }
}

/// `scheme:id:permissions`; of `digest`, the hash behind the name is a credential.
pub(super) fn rule(granted: i32, scheme: &[u8], id: &[u8]) -> String {
    let (scheme, id) = (lossy(scheme), lossy(id));
    let letters: String = PERMISSIONS.iter().filter(|(bit, _)| granted & bit != 0).map(|(_, c)| *c).collect();
    match id.split_once(':') {
        Some((user, _)) if matches!(&*scheme, "digest" | "super") => {
            format!("{scheme}:{user}:{MASK}:{letters}")
        }
        _ => format!("{scheme}:{id}:{letters}"),
    }
}

impl Packet<'_> {
    /// What came of reading the packet: that it ended too early is a breach, unless its rest was lost or is not read.
    pub(super) fn settle(&self, read: Read<()>) -> Read<()> {
        match read {
            Err(Stop::Short) if matches!(self.body.ahead(), Ahead::Hole(_)) => Ok(()),
            Err(Stop::Short) => Err(self.body.broken("a packet is shorter than what it must say")),
            read => read,
        }
    }
}
