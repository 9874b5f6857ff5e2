//! Parameters, as CGI means them (RFC 3875, 4.1): what was asked, the fields of its head, and the rest.

use std::borrow::Cow;

use crate::web::credentials::{Place, is_secret};
use crate::web::http1::wire::text;
use crate::web::http2::list::List;
use crate::web::http2::table::Field;
use crate::web::mask::{self, MASK};

use super::wire::pair;

/// So many bytes of the parameters that are told one by one nowhere else.
const OTHERS: usize = 2 << 10;

/// What the password of `Authorization: Basic` is in, where PHP's servers take it apart.
const PASSWORD: &[u8] = b"PHP_AUTH_PW";

/// What the parameters of a request say.
#[derive(Debug)]
pub(super) struct Params<'a> {
    pub(super) method: Option<&'a [u8]>,
    uri: Option<&'a [u8]>,
    script: Option<&'a [u8]>,
    info: Option<&'a [u8]>,
    query: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
    pub(super) user: Option<&'a [u8]>,
    pub(super) file: Option<&'a [u8]>,
    pub(super) gateway: Option<&'a [u8]>,
    address: Option<&'a [u8]>,
    port: Option<&'a [u8]>,
    /// The fields of the request's head, as lines.
    pub(super) fields: List,
    /// All others, a line each, credentials masked.
    pub(super) others: String,
}

impl<'a> Params<'a> {
    /// What all of them say; `None` where they are not names and values up to their end.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Params<'a>> {
        let mut params = Params {
            method: None,
            uri: None,
            script: None,
            info: None,
            query: None,
            protocol: None,
            user: None,
            file: None,
            gateway: None,
            address: None,
            port: None,
            fields: List::new(),
            others: String::new(),
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let (name, value) = pair(&mut rest)?;
            params.note(name, value);
        }
        params.fields = params.fields.ended();
        Some(params)
    }

    fn note(&mut self, name: &'a [u8], value: &'a [u8]) {
        if value.is_empty() {
            return;
        }
        if let Some(field) = name.strip_prefix(b"HTTP_") {
            // Web servers say these without the prefix, and some of them with it too.
            let twice = matches!(field, b"CONTENT_TYPE" | b"CONTENT_LENGTH");
            if !twice {
                self.add_field(field, value);
            }
            return;
        }
        let place = match name {
            b"CONTENT_TYPE" | b"CONTENT_LENGTH" => return self.add_field(name, value),
            b"REQUEST_METHOD" => &mut self.method,
            b"REQUEST_URI" => &mut self.uri,
            b"SCRIPT_NAME" => &mut self.script,
            b"PATH_INFO" => &mut self.info,
            b"QUERY_STRING" => &mut self.query,
            b"SERVER_PROTOCOL" => &mut self.protocol,
            b"REMOTE_USER" => &mut self.user,
            b"SCRIPT_FILENAME" => &mut self.file,
            b"SERVER_SOFTWARE" => &mut self.gateway,
            b"REMOTE_ADDR" => &mut self.address,
            b"REMOTE_PORT" => &mut self.port,
            _ => return self.add_other(name, value),
        };
        *place = Some(value);
    }

    /// A field of the request's head, whose name was written in capitals (RFC 3875, 4.1.18).
    fn add_field(&mut self, name: &[u8], value: &[u8]) {
        let plain = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
        let name: Vec<u8> = name.iter().map(plain).collect();
        self.fields.add(Field { name: Some(&name), value: Some(value) });
    }

    fn add_other(&mut self, name: &[u8], value: &[u8]) {
        if self.others.len() + name.len() + value.len() > OTHERS {
            return;
        }
        if !self.others.is_empty() {
            self.others.push('\n');
        }
        self.others.push_str(&text(name));
        self.others.push_str(": ");
        if name == PASSWORD || is_secret(name, Place::Query) {
            self.others.push_str(MASK);
        } else if mask::may_hide(value) {
            mask::url(&text(value), &mut self.others);
        } else {
            self.others.push_str(&text(value));
        }
    }

    /// What was asked for, with its query: as the client wrote it, where the web server says so.
    pub(super) fn target(&self) -> Cow<'a, [u8]> {
        if let Some(uri) = self.uri {
            return Cow::Borrowed(uri);
        }
        let [script, info, query] = [self.script, self.info, self.query].map(Option::unwrap_or_default);
        let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
        Cow::Owned([script, info, mark, query].concat())
    }

    /// The version of HTTP.
    pub(super) fn version(&self) -> &'static str {
        match self.protocol.and_then(|protocol| protocol.strip_prefix(b"HTTP/")) {
            Some(b"1.0") => "1.0",
            Some(b"1.1") => "1.1",
            Some(b"2.0" | b"2") => "2",
            Some(b"3.0" | b"3") => "3",
            Some(_) | None => "",
        }
    }

    /// Who asked the web server.
    pub(super) fn remote(&self) -> Option<String> {
        let address = text(self.address?);
        Some(match self.port {
            Some(port) if address.contains(':') => format!("[{address}]:{}", text(port)),
            Some(port) => format!("{address}:{}", text(port)),
            None => address.into_owned(),
        })
    }
}
