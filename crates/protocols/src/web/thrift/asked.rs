//! Calls.

use model::details::Detail;
use model::exchange::Exchange;

use crate::kit::reader::Reader;
use crate::kit::text::lossy;
use crate::queue::message::Headers;

use super::wire::Message;
use super::words;

impl Message<'_> {
    /// A call, written.
    pub(super) fn asked(&self, wire: &mut Reader<'_>) -> Box<Exchange> {
        let Message { head, fields, pairs } = self;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        let (service, method) = head.method();
        request.operation = method.to_owned().into();
        request.statement.write(head.name);
        if let Some(service) = service {
            request.name_target(service);
        }
        request.parameters.push_with(|out| words::write(fields, head.encoding, head.veil(), out));
        request.details.extend(told(pairs).map(|told| ("headers", told)));
        exchange
    }
}

/// What programs tell each other beside a message.
pub(super) fn told(pairs: &[[&[u8]; 2]]) -> Option<Detail> {
    let mut headers = Headers::default();
    for [name, value] in pairs {
        headers.add(name, &lossy(value));
    }
    headers.told()
}
