//! Log-ins: by name and password, by SASL, by Microsoft's Sicily.

use model::exchange::{Request, Text};

use crate::kit::sasl;
use crate::kit::text::lossy;

use super::session::{Ldap, State};
use super::values::{MASK, write_name};
use super::wire::{Elements, Head, tag};

/// Longer names of mechanisms are none (RFC 4422, 3.1, has 20).
const MECHANISM: usize = 32;

/// The ways to prove who one is, by their tags (RFC 4511, 4.2; MS-ADTS 5.1.1.1.3).
const SIMPLE: u8 = 0x80;
const SASL: u8 = 0xa3;
const SICILY_DISCOVERY: u8 = 0x89;
const SICILY_NEGOTIATE: u8 = 0x8a;
const SICILY_RESPONSE: u8 = 0x8b;

/// A log-in that is not answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Bind {
    /// The number of its last request.
    pub(super) id: u32,
    /// Who logs in, as far as it was said.
    pub(super) user: Option<Text>,
    /// The mechanism of SASL.
    mechanism: Option<Text>,
}

impl Bind {
    /// What is wrapped behind it, once it is believed.
    pub(super) fn state(&self) -> State {
        if self.mechanism.is_some() { State::Wrapped } else { State::InClear }
    }
}

impl Ldap {
    /// What a log-in says; `None` when it is not formed as one.
    pub(super) fn bind(&mut self, head: Head, mut body: Elements<'_>, request: &mut Request) -> Option<()> {
        let version = body.number(tag::INTEGER)?;
        let name = body.content(tag::OCTETS)?;
        if !name.is_empty() {
            request.targets.push(self.target(name));
        }
        if version != 3 {
            request.details.push(("version", version.into()));
        }
        let bind = sure(name).map(|name| Bind { id: head.id, user: Some(name), mechanism: None });
        let mut bind = bind.unwrap_or(Bind { id: head.id, ..Bind::default() });
        let way = if let Some(mut way) = body.within(SASL) {
            let mechanism = way.content(tag::OCTETS).filter(|name| name.len() <= MECHANISM)?;
            self.sasl(mechanism, way.content(tag::OCTETS), &mut bind);
            format!("SASL {} {MASK}", lossy(mechanism))
        } else {
            match body.next()? {
                // A name without a password is nobody (RFC 4513, 5.1.2).
                (SIMPLE, []) => {
                    bind.user = None;
                    "anonymous".to_owned()
                }
                (SIMPLE, _) => format!("simple {MASK}"),
                (SICILY_DISCOVERY, _) => "sicily_discovery".to_owned(),
                (SICILY_NEGOTIATE, _) => format!("sicily_negotiate {MASK}"),
                (SICILY_RESPONSE, response) => {
                    bind.user = sasl::user(b"NTLM", response).or(bind.user);
                    bind.mechanism = Some("NTLM".into());
                    format!("sicily_response {MASK}")
                }
                _ => return None,
            }
        };
        request.statement.write_with(|out| {
            out.push_str("bind ");
            write_name(out, name);
            out.push(' ');
            out.push_str(&way);
        });
        self.bind = Some(Box::new(bind));
        Some(())
    }

    /// A step of SASL: the user is named in one of them.
    fn sasl(&self, mechanism: &[u8], response: Option<&[u8]>, bind: &mut Bind) {
        let before = self
            .bind
            .as_ref()
            .filter(|before| before.mechanism.as_deref().is_some_and(|name| name.as_bytes() == mechanism));
        let named = response.and_then(|response| sasl::user(mechanism, response));
        bind.user = named.or_else(|| before?.user.clone()).or(bind.user.take());
        bind.mechanism = Some(Text::from(&*lossy(mechanism)));
    }
}

/// A name that is one.
fn sure(name: &[u8]) -> Option<Text> {
    (!name.is_empty()).then(|| Text::from(&*lossy(name)))
}
