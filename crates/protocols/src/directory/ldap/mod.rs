//! LDAP, over TCP and in datagrams: RFC 4511 (the protocol), 4513 (who one is), 4515 (filters as text), 2696 (pages).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a request | its word (`search`, `modify`, `modifyDN`), its entry as target, what is asked as one could read it aloud |
//! | `bindRequest` | `bind`: the name as target, the way; the proof is masked; the user, once it is believed |
//! | `searchResEntry`, `searchResRef` | [`Heard::Piece`]: a row whose columns are the attributes; a reference as detail |
//! | a result | the response to the request with its number; a code that is an error by its name |
//! | an extended request | `StartTLS`, `WhoAmI`, `PasswordModify`, `Cancel`, or `extended` with its OID |
//! | the answer to `StartTLS` that grants it | the end: the clear layer goes on in a session of its own |
//! | `unbindRequest`, `abandonRequest` | oneway |
//! | an unsolicited notification (number 0) | oneway |
//! | messages in signed wrappings of SASL (Kerberos, NTLM, DIGEST-MD5) | what is in them |
//! | messages in sealed wrappings | `sealed`, oneway, once; nothing of what is in them |
//! | controls | details: `page_size`, `more`, `on_behalf_of`, the others by name |
//!
//! Passwords are masked in requests, filters, comparisons and entries, by the names of their attributes.
//!
//! [`Heard::Piece`]: crate::kit::protocol::Heard::Piece

mod answered;
mod asked;
mod bind;
mod changes;
mod controls;
mod entries;
mod extended;
mod filter;
mod results;
mod sealed;
mod session;
mod values;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static LDAP: &dyn Protocol = &Ldap;

#[derive(Debug)]
struct Ldap;

impl Protocol for Ldap {
    fn name(&self) -> &'static str {
        "ldap"
    }

    fn ports(&self) -> &'static [u16] {
        &[389, 636, 3268, 3269]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(|speaker, bytes| sealed::begins(speaker, bytes).into())
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Ldap>::default()
    }
}
