//! Who the session is: the server's properties, the client's, its log-in, its virtual host.

use std::sync::Arc;

use model::exchange::{Identity, Request, Text};

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::{Ahead, Reader};

use crate::queue::message::MASK;

use super::arguments::text;
use super::methods::{Method, OPEN, START_OK};
use super::session::Amqp;
use super::wire::{fields, long, short};

/// A client's log-in (1.4.2.2 of the reference).
struct Login<'a> {
    properties: &'a [u8],
    mechanism: &'a [u8],
    response: &'a [u8],
}

impl<'a> Login<'a> {
    fn read(body: &mut Reader<'a>) -> Read<Login<'a>> {
        let (properties, mechanism, response) = (long(body)?, short(body)?, long(body)?);
        short(body)?;
        Ok(Login { properties, mechanism, response })
    }

    /// The user; of what stands behind him, nothing is read.
    fn user(&self) -> Option<Text> {
        match self.mechanism {
            // RFC 4616: who he acts for, who he is, the password.
            b"PLAIN" => self.response.split(|byte| *byte == 0).nth(1).map(text),
            b"AMQPLAIN" => {
                let mut user = None;
                fields(self.response, &mut |name, value| {
                    if name.eq_ignore_ascii_case(b"LOGIN") {
                        user = Some(Text::from(value));
                    }
                });
                user
            }
            _ => None,
        }
    }

    /// What the connection is called, or else the program.
    fn application(&self) -> Option<Text> {
        program(self.properties, b"connection_name")
    }
}

/// The name in some properties: the one that goes before all, or product and version.
fn program(properties: &[u8], first: &[u8]) -> Option<Text> {
    let [mut name, mut product, mut version] = [const { None::<String> }; 3];
    fields(properties, &mut |field, value| match field {
        field if field == first => name = Some(value.to_owned()),
        b"product" => product = Some(value.to_owned()),
        b"version" => version = Some(value.to_owned()),
        _ => {}
    });
    let product = product.map(|product| match &version {
        Some(version) => format!("{product} {version}"),
        None => product,
    });
    name.or(product).map(Text::from)
}

/// Writes a log-in without its credentials.
pub(super) fn write(body: &mut Reader<'_>, request: &mut Request) -> Read<()> {
    let login = Login::read(body)?;
    request.operation = START_OK.into();
    request.statement.write_with(|out| {
        out.push_str(START_OK);
        for word in [Some(text(login.mechanism)), login.user(), Some(MASK.into())].into_iter().flatten() {
            out.push(' ');
            out.push_str(&word);
        }
    });
    request.details.push(("mechanism", text(login.mechanism).into()));
    Ok(())
}

impl Amqp {
    /// What methods say of who the session is, told before they are read.
    pub(super) fn introduced(
        &mut self,
        method: &'static Method,
        body: &Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<Option<Heard>> {
        let mut body = Reader::new(body.rest(), 0, Ahead::End);
        let known = self.identity.as_deref().cloned().unwrap_or_default();
        let identity = match method.name {
            "connection.start" => {
                body.take(2)?;
                Identity { version: program(long(&mut body)?, b""), ..known }
            }
            START_OK => {
                let login = Login::read(&mut body)?;
                Identity { user: login.user(), application: login.application(), ..known }
            }
            OPEN => Identity { database: Some(text(short(&mut body)?)), ..known },
            _ => return Ok(None),
        };
        if self.identity.as_deref() == Some(&identity) {
            return Ok(None);
        }
        let identity = wire.share(identity);
        self.identity = Some(Arc::clone(&identity));
        Ok(Some(Heard::Identity(identity)))
    }
}
