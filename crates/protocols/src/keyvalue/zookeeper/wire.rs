//! Packets: a length, and what stands behind it.

use model::conn::Speaker;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::operations::{Asks, by_code, error};
use super::records::{int, long};

/// Servers take packets of 1 MiB (`jute.maxbuffer`), and are told to take more by some.
const LONGEST: u32 = 64 << 20;
/// So much of a packet is read; of longer ones, which hold long data, what stands behind that is not.
const READ: usize = 64 << 10;
/// The bytes of a request's header, and of a reply's.
const REQUEST: u32 = 8;
const REPLY: u32 = 16;
/// The number that stands where that of a request would: a greeting says the version of the protocol there, which is 0.
pub(super) const GREETING: i32 = 0;
/// A greeting's bytes without the session's password: of the client, and of the server.
const CLIENT_GREETS: u32 = 28;
const SERVER_GREETS: u32 = 20;
/// Longer passwords of sessions are none.
const PASSWORD: u32 = 64;
/// The numbers of what is not asked for in turn: `ClientCnxn`.
pub(super) const NOTIFICATION: i32 = -1;
const PING: i32 = -2;
const AUTH: i32 = -4;
const WATCHES: i32 = -8;
const SPECIAL: [i32; 3] = [PING, AUTH, WATCHES];
/// Transactions are counted from 0; what no transaction caused says -1.
const NO_TRANSACTION: i64 = -1;

/// A packet of which enough is there.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// What stands behind its length, as far as it is read.
    pub(super) body: Reader<'a>,
    /// The bytes of all of it.
    pub(super) size: u64,
}

/// The next packet, which stays unread.
///
/// # Errors
/// [`Stop::Short`] when what is read of it is not there, [`Stop::Broken`] when it is none.
pub(super) fn packet<'a>(speaker: Speaker, wire: &Reader<'a>) -> Read<Packet<'a>> {
    let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
    let length = ahead.be32()?;
    let least = if speaker == Speaker::Client { REQUEST } else { REPLY };
    if !(least..=LONGEST).contains(&length) {
        return Err(wire.broken("a packet has an impossible length"));
    }
    let begins = ahead.position();
    let kept = ahead.sample(length.into(), READ)?;
    let cut = kept.length - kept.bytes.len() as u64;
    let behind = if cut > 0 { Ahead::Hole(cut) } else { Ahead::End };
    Ok(Packet { body: Reader::new(kept.bytes, begins, behind), size: kept.length + 4 })
}

/// Whether `bytes` begin with a greeting of `speaker`.
pub(super) fn greets(speaker: Speaker, bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let length = wire.be32()?;
    let own = if speaker == Speaker::Client { CLIENT_GREETS } else { SERVER_GREETS };
    let broken = Err(wire.broken("a greeting has an impossible length"));
    // Servers before 3.4 said nothing of being read-only, nor do their clients.
    let password = length.checked_sub(own).filter(|password| *password <= PASSWORD + 1);
    let Some(password) = password else { return broken };
    if int(&mut wire)? != GREETING {
        return broken;
    }
    if speaker == Speaker::Client && long(&mut wire)? < 0 {
        return broken;
    }
    let timeout = int(&mut wire)?;
    let _session = wire.take(8)?;
    let told = wire.be32()?;
    // Of a session that has expired, a server says nothing but zeros.
    match password.checked_sub(told) {
        Some(0) if timeout >= 0 => Ok(()),
        Some(1) if timeout >= 0 => {
            wire.take(told as usize)?;
            if wire.u8()? > 1 { broken } else { Ok(()) }
        }
        _ => broken,
    }
}

/// Whether `bytes` are packets of `speaker` to their end, or to one that begins behind another.
///
/// A reply is little more than a few small numbers, as the times and versions of a node are: the beginning of one alone
/// proves nothing. That of a request does.
///
/// # Errors
/// [`Stop::Short`] when more bytes would tell, [`Stop::Broken`] when no packet begins here.
pub(super) fn begins(speaker: Speaker, bytes: &[u8]) -> Read<()> {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let length = one(speaker, &mut wire)?;
    match bytes.get(4 + length as usize..) {
        Some([]) => Ok(()),
        Some(next) => one(speaker, &mut Reader::new(next, 0, Ahead::Open)).map(drop),
        None if speaker == Speaker::Client => Ok(()),
        None => Err(Stop::Short),
    }
}

/// Whether `bytes` begin with a reply to the request with this number, of which not all is there.
pub(super) fn answers(bytes: &[u8], request: i32) -> bool {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let is_reply = one(Speaker::Server, &mut wire).is_ok();
    is_reply && request != 0 && bytes.get(4..8) == Some(&request.to_be_bytes())
}

/// Whether a packet begins here; how long it is behind its length.
fn one(speaker: Speaker, wire: &mut Reader<'_>) -> Read<u32> {
    if greets(speaker, wire.rest()).is_ok() {
        return wire.be32();
    }
    let length = wire.be32()?;
    let sound = match speaker {
        Speaker::Client => (REQUEST..=LONGEST).contains(&length) && request(length, wire)?,
        Speaker::Server => (REPLY..=LONGEST).contains(&length) && reply(length, wire)?,
    };
    if sound { Ok(length) } else { Err(wire.broken("a packet does not begin like one")) }
}

fn request(length: u32, wire: &mut Reader<'_>) -> Read<bool> {
    let id = int(wire)?;
    let Some(operation) = by_code(int(wire)?) else { return Ok(false) };
    if id <= 0 && !SPECIAL.contains(&id) {
        return Ok(false);
    }
    let rest = length.saturating_sub(REQUEST);
    Ok(match operation.asks {
        Asks::Nothing => rest == 0,
        Asks::Multi => {
            let first = by_code(int(wire)?);
            first.is_some_and(|first| first.asks != Asks::Multi) && wire.u8()? == 0 && int(wire)? == -1
        }
        Asks::Auth => id == AUTH,
        Asks::Watches(_) => id == WATCHES,
        Asks::Sasl => wire.be32()?.checked_add(4) == Some(rest),
        Asks::Reconfig => {
            let joining = int(wire)?;
            (-1..=0).contains(&joining) || wire.u8()?.is_ascii_graphic()
        }
        _ => {
            let path = wire.be32()?;
            path > 0 && path <= rest.saturating_sub(4) && wire.u8()? == b'/'
        }
    })
}

fn reply(length: u32, wire: &mut Reader<'_>) -> Read<bool> {
    let id = int(wire)?;
    let transaction = long(wire)?;
    let code = int(wire)?;
    // The upper half counts leaders, which change seldom.
    let counted = transaction == NO_TRANSACTION || (0..1 << 56).contains(&transaction);
    Ok(counted
        && match code {
            0 if id == NOTIFICATION => {
                length > REPLY + 12 && (1..=9).contains(&int(wire)?) && (-1..=6).contains(&int(wire)?)
            }
            0 => id > 0 || SPECIAL.contains(&id) && length == REPLY,
            code => error(code).is_some() && length == REPLY && (id > 0 || SPECIAL.contains(&id)),
        })
}
