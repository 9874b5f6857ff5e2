//! What the `OPT` record adds to a message (RFC 6891).

use std::net::{Ipv4Addr, Ipv6Addr};

use model::details::Detail;
use model::exchange::{Exchange, Text};

use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

use super::asked::detail;
use super::types::OPT;
use super::wire::Record;

/// The network that the asker's client is in (RFC 7871).
const CLIENT_SUBNET: u16 = 8;
/// Why an answer is as it is (RFC 8914).
const EXTENDED_ERROR: u16 = 15;
/// The longest text of an error that is kept.
const TEXT: usize = 256;

/// Adds what an `OPT` says of a question.
pub(super) fn ask(exchange: &mut Exchange, record: &Record<'_>) {
    if record.kind != OPT {
        return;
    }
    let details = &mut exchange.request.details;
    // The class is the longest answer that the asker takes as a datagram.
    details.push(detail("edns_size", record.class));
    let subnet = option(record.data, CLIENT_SUBNET).and_then(subnet);
    details.extend(subnet.map(|subnet| ("client_subnet", Detail::Text(subnet))));
}

/// The upper bits of how an answer ended, which an `OPT` says.
pub(super) fn code(record: &Record<'_>) -> u16 {
    u16::try_from(record.ttl >> 24).unwrap_or_default() << 4
}

/// Why an answer is as it is, in words.
pub(super) fn reason(record: &Record<'_>) -> Option<Text> {
    let (code, text) = option(record.data, EXTENDED_ERROR)?.split_first_chunk()?;
    let text = lossy(text.get(..TEXT).unwrap_or(text));
    Some(format!("{} ({})", text, u16::from_be_bytes(*code)).trim_start().into())
}

/// The data of an option.
fn option(data: &[u8], wanted: u16) -> Option<&[u8]> {
    let wire = &mut Reader::new(data, 0, Ahead::End);
    loop {
        let (code, length) = (wire.be16().ok()?, wire.be16().ok()?);
        let value = wire.take(length.into()).ok()?;
        if code == wanted {
            return Some(value);
        }
    }
}

fn subnet(data: &[u8]) -> Option<Text> {
    let (head, address) = data.split_first_chunk::<4>()?;
    let [_, family, length, _] = *head;
    let address = match family {
        1 => Ipv4Addr::from(padded(address)?).to_string(),
        2 => Ipv6Addr::from(padded::<16>(address)?).to_string(),
        _ => return None,
    };
    Some(format!("{address}/{length}").into())
}

/// The bytes with zeros behind them.
fn padded<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut padded = [0; N];
    padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(padded)
}
