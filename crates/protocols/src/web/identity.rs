//! Who speaks, as heads say it: told once, and again when it changes.

use std::sync::Arc;

use model::exchange::{Identity, Text};

use crate::web::fields::Fields;
use crate::web::http1::wire;

/// Who the client is, when that is news.
pub(super) fn new_client(known: Option<&Identity>, fields: &Fields<'_>) -> Option<Arc<Identity>> {
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
    (known != Some(&identity)).then(|| Arc::new(identity))
}

/// What the server is, when that is news.
pub(super) fn new_server(known: Option<&Identity>, fields: &Fields<'_>) -> Option<Arc<Identity>> {
    let program = fields.program?;
    if known.and_then(|k| k.version.as_ref()).is_some_and(|v| v.as_bytes() == program) {
        return None;
    }
    let version = Some(wire::text(program).into());
    let identity = Identity { version, ..known.cloned().unwrap_or_default() };
    (known != Some(&identity)).then(|| Arc::new(identity))
}
