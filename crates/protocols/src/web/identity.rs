//! Who speaks, as heads say it: told once, and again when it changes.

use std::sync::Arc;

use model::exchange::{Identity, Text};

use crate::kit::reader::Reader;
use crate::web::fields::Fields;
use crate::web::http1::wire;

/// Who the client is, when that is news.
pub(super) fn new_client(known: Option<&Identity>, fields: &Fields<'_>) -> Option<Identity> {
    let user = fields.user();
    let agent = known.and_then(|k| k.application.as_ref()).map(|a| a.as_bytes());
    let same_agent = agent == fields.program;
    if same_agent && known.and_then(|k| k.user.as_deref()) == user.as_deref() {
        return None;
    }
    // Bytes that are no text never compare as equal: their text does.
    let application: Option<Text> = fields.program.map(|p| wire::text(p).into());
    let identity = Identity {
        user: user.map(Text::from),
        database: None,
        application,
        version: known.and_then(|k| k.version.clone()),
    };
    (known != Some(&identity)).then_some(identity)
}

/// What the server is, when that is news.
pub(super) fn new_server(known: Option<&Identity>, fields: &Fields<'_>) -> Option<Identity> {
    let program = fields.program?;
    if known.and_then(|k| k.version.as_ref()).is_some_and(|v| v.as_bytes() == program) {
        return None;
    }
    let version = Some(wire::text(program).into());
    let identity = Identity { version, ..known.cloned().unwrap_or_default() };
    (known != Some(&identity)).then_some(identity)
}

/// Longer ones are not kept for others: many together would be much.
const SHARED: usize = 1 << 10;

/// The identity, in the same memory as those of other connections that say the same.
pub(super) fn shared(identity: Identity, wire: &mut Reader<'_>) -> Arc<Identity> {
    let texts = [&identity.user, &identity.application, &identity.version];
    let length: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
    if length > SHARED { Arc::new(identity) } else { wire.share(identity) }
}
